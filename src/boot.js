// What must not wait for the wasm: which module to load, the key and its proofs, the stored e-mail. Everything that is
// decided, is decided in Rust.
(() => {
  const path = location.pathname, subtle = self.crypto && crypto.subtle, doc = document, boot = self.admitOne;
  const { named, parse, read, stores } = boot;
  const find = (key) => parse(read(stores[0], key) || read(stores[1], key));
  const bytes = (text) => new TextEncoder().encode(text);
  const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  const promised = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = reject;
  });

  // The key that handles are bound to: non-extractable, kept in IndexedDB, in memory where that is blocked. Ed25519 is the
  // cheaper one to verify; a browser without it, or one that can't keep it (Firefox before 136), makes one of P-256.
  let made, late, kept;
  const generate = (name) => subtle.generateKey({ name, namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const make = () => made = made || generate('Ed25519').then(self.structuredClone).catch(() => generate('ECDSA'));
  const load = async () => {
    try {
      const opening = indexedDB.open('admit-one', 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
      const db = await promised(opening);
      const keys = (mode) => db.transaction('keys', mode).objectStore('keys');
      kept = await promised(keys('readonly').get('proof'));
      if (kept && !late) return kept;
      const fresh = await make();
      try {
        const store = keys('readwrite');
        await promised(store[late ? 'put' : 'add'](fresh, 'proof'));
        await new Promise((resolve, reject) => {
          store.transaction.oncomplete = resolve;
          store.transaction.onabort = reject;
        });
        if (late) boot.forget(); // signed with the one that was there
        return kept = fresh;
      } catch {
        kept = await promised(keys('readonly').get('proof')); // another tab was first
        return kept || fresh;
      }
    } catch {
      return make();
    }
  };
  // In some browsers inside apps IndexedDB never answers, in others it is slow: then a key of this page has to do, and
  // is kept if there is an answer after all. A session is bound to the kept key, so that one is worth waiting for.
  const hurried = () => new Promise((resolve) => setTimeout(resolve, find('admit-one') ? 8000 : 5000))
    .then(() => { late = true; return make(); });
  const data = parse((doc.getElementById('admit-one') || {}).textContent) || {}, messages = data.messages || {};
  let opened;
  const open = async () => {
    if (!subtle) throw new Error('crypto_unavailable');
    const pair = await Promise.race([load(), hurried()]);
    const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
    return [pair.privateKey, { kty, crv, x, y }];
  };
  const key = () => opened = opened || open();
  // Not while an exchange is under way, which has its proof: it would only be in the way.
  if (!boot.exchange) key().catch(() => {});

  let nonce, nonceAt;
  Object.defineProperty(boot, 'nonce', { get: () => nonce, set(value) { nonce = value; nonceAt = Date.now(); } });
  boot.nonce = data.nonce;
  Object.assign(boot, {
    data,
    // Leaves for another address, but not while the key is being put down: IndexedDB may keep the next page waiting for
    // an answer that a page which is gone has asked for. A key that is kept signs for the exchange that may come next.
    leave(url) {
      new URL(url); // throws now, if it is none
      const go = () => location.assign(url);
      const ahead = async () => {
        const [signer] = await key();
        const at = nonceAt;
        if (nonce && kept && kept.privateKey === signer) boot.keep(await boot.proof('POST', '/v1/exchange'), at);
      };
      Promise.race([ahead(), new Promise((resolve) => setTimeout(resolve, 300))]).then(go, go);
    },
    // A proof in the form of RFC 9449 section 4.2; `ath` is of the handle where it stands in the body.
    async proof(method, path, handle) {
      const [signer, jwk] = await key();
      const claims = {
        jti: base64url(crypto.getRandomValues(new Uint8Array(16))), htm: method, htu: location.origin + path,
        iat: Math.floor(Date.now() / 1000), nonce: boot.nonce,
      };
      if (handle) claims.ath = base64url(await subtle.digest('SHA-256', bytes(handle)));
      const input = [{ typ: 'dpop+jwt', alg: jwk.y ? 'ES256' : 'EdDSA', jwk }, claims]
        .map((part) => base64url(bytes(JSON.stringify(part)))).join('.');
      return input + '.' + base64url(await subtle.sign({ ...signer.algorithm, hash: 'SHA-256' }, signer, bytes(input)));
    },
  });

  // What a buyer who takes their time will need on coming back. Not on leaving: what is on its way then, is dropped.
  const ahead = () => {
    if (boot.pressed || (navigator.connection || {}).saveData) return;
    const js = named('app');
    for (const href of [js, js.replace(/\.js$/, '_bg.wasm'), named('messages')]) add(doc.head, 'link', { rel: 'prefetch', href });
  };
  if (path === '/') setTimeout(ahead, 3000);

  // A language that was asked for is remembered over the redirect; the backend reads it.
  const lang = new URLSearchParams(location.search).get('lang');
  if (lang && /^[a-z-]{2,8}$/i.test(lang)) doc.cookie = `admit-one-lang=${lang}; Path=/; Max-Age=31536000; SameSite=Lax`;

  addEventListener('pageshow', (event) => { boot.back = event.persisted; });

  // The provider used last stands first, as the app will have it.
  const last = read(stores[0], 'admit-one.last') || read(stores[1], 'admit-one.last');
  const buttons = doc.querySelectorAll('.provider'), main = doc.getElementById('app');
  const add = (parent, name, members) => parent.appendChild(Object.assign(doc.createElement(name), members));
  for (const button of buttons) {
    if (button.dataset.provider !== last) continue;
    button.parentNode.prepend(button);
    if (buttons[1]) add(button, 'small', { textContent: messages['sign_in.last'] });
  }
  if (data.support_url) {
    const footer = add(main, 'footer', { className: 'support' });
    add(footer, 'a', { href: data.support_url, textContent: messages['app.support'] });
  }

  // Says that the app can't be loaded, or no longer.
  let notice;
  boot.late = (is) => {
    if (notice && !is) notice = notice.remove();
    if (notice || !is) return;
    delete doc.documentElement.dataset.brief;
    notice = add(main, 'div', { className: 'notice', role: 'alert' });
    notice.dataset.testid = 'late';
    add(notice, 'p', { textContent: messages['app.late'] });
    add(notice, 'button', { type: 'button', textContent: messages['app.reload'], onclick: () => location.reload() });
  };
  // Who is signed in is shown at once; the app looks closer when it is there.
  boot.show = (name) => {
    const card = doc.createElement('main');
    card.className = 'card waiting';
    add(card, 'p', { className: 'who', textContent: name }).dataset.testid = 'user-email';
    main.replaceChildren(card);
    delete doc.documentElement.dataset.brief;
    performance.mark('signed-in');
  };
  const session = boot.session = find('admit-one');
  const email = session && session.claims && session.claims.email;
  if (session) doc.documentElement.dataset.session = '';
  if (email && session.ends_at * 1000 > Date.now() && /^\/(account)?$/.test(path)) boot.show(email);

  // With a proof that is signed now, where none was ahead.
  if (boot.callback && !boot.exchange && subtle && boot.nonce) boot.begin(boot.proof('POST', '/v1/exchange'));
  if (!boot.wasm) return main.replaceChildren(Object.assign(doc.createElement('p'), {
    className: 'card unsupported', role: 'alert', textContent: messages['app.unsupported'],
  }));
  // A sign-in in its plain form has a small module of its own; everything else is in the app.
  boot.load((path === '/' ? !session && !read(stores[0], 'admit-one.forget') : boot.exchange && named('sign-in')) ? 'sign-in' : 'app');
})();
