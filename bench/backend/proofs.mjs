// Signs proofs (RFC 9449) ahead of the run, one per line, each good for one request: a replayed one is refused.
// Many browsers' keys, so that nothing can be remembered from one request to the next.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const KEYS = 256;
const encode = (value) => Buffer.from(value).toString('base64url');

const KINDS = {
  ES256: { hash: 'sha256', pair: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  EdDSA: { hash: null, pair: () => generateKeyPairSync('ed25519') },
};

function browser(alg) {
  const { privateKey, publicKey } = KINDS[alg].pair();
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  return { key: { key: privateKey, dsaEncoding: 'ieee-p1363' },
    header: encode(JSON.stringify({ typ: 'dpop+jwt', alg, jwk: { kty, crv, x, y } })) };
}

/** Writes `count` proofs for `POST url` into `file`, by keys for `alg`: `EdDSA` as newer browsers have, or `ES256`. */
export function write(file, count, { alg, url, nonce }) {
  const browsers = Array.from({ length: KEYS }, () => browser(alg));
  const run = randomBytes(12);
  const out = openSync(file, 'w');
  let lines = [];
  for (let n = 0; n < count; n++) {
    const { key, header } = browsers[n % KEYS];
    const jti = createHash('sha256').update(run).update(String(n)).digest('base64url').slice(0, 22);
    const claims = encode(JSON.stringify({ jti, htm: 'POST', htu: url, iat: Math.floor(Date.now() / 1000), nonce }));
    const input = `${header}.${claims}`;
    lines.push(`${input}.${sign(KINDS[alg].hash, Buffer.from(input), key).toString('base64url')}\n`);
    if (lines.length === 4096 || n === count - 1) {
      writeSync(out, lines.join(''));
      lines = [];
    }
  }
  closeSync(out);
}
