// What the provider remembers. It outlives a rotation, for which the provider's own memory would be emptied.

const records = new Map();

/** The adapter that `oidc-provider` asks for; what has expired the provider recognises itself, by `exp`. */
export class Store {
  constructor(model) {
    this.model = model;
  }

  key = (id) => `${this.model}:${id}`;

  async upsert(id, payload) {
    records.set(this.key(id), payload);
  }

  async find(id) {
    return records.get(this.key(id));
  }

  async findByUid(uid) {
    for (const [key, payload] of records) if (key.startsWith(`${this.model}:`) && payload.uid === uid) return payload;
    return undefined;
  }

  async consume(id) {
    const payload = records.get(this.key(id));
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of records) if (payload.grantId === grantId) records.delete(key);
  }
}
