// The first thing on every page: the callback in its plain form is exchanged at once, if it can be with a proof that was
// signed on leaving. Nothing here waits: neither for the key nor for the rest of the page.
(() => {
  const parse = (text) => { try { return JSON.parse(text); } catch { return null; } };
  const stores = ['localStorage', 'sessionStorage'];
  const read = (store, key) => { try { return self[store].getItem(key); } catch { return null; } };
  const write = (key, value) => stores.some((store) => {
    try { self[store].setItem(key, value); return true; } catch { return false; }
  });

  const named = (name) => (document.querySelector(`[name="admit-one:${name}"]`) || {}).content;
  // A module is fetched and compiled before it is clear that it will run. The app has its sentences in a file beside it.
  const fetched = (name, tries) => {
    const js = named(name), messages = name === 'app' && named('messages');
    const wasm = WebAssembly.compileStreaming(fetch(js.replace(/\.js$/, '_bg.wasm')));
    const said = messages && fetch(messages).then((file) => file.ok ? file.text() : Promise.reject(file.status));
    // Some browsers don't ask again for a module that has failed once under its address.
    return Promise.all([import(tries ? `${js}?${tries}` : js), wasm, said]);
  };
  let ahead;
  const boot = self.admitOne = {
    // Some old browsers have a part of it.
    wasm: !!(self.WebAssembly && WebAssembly.compileStreaming),
    exchange: null, said: null, pressed: null, ready: false, messages: null, parse, read, stores, named, release() {},
    // What fails is tried until it comes, so that no page is left whose buttons do nothing; after four seconds that is said.
    load(name, tries = 0) {
      const files = name === 'sign-in' && ahead || fetched(name, tries);
      ahead = null;
      // What neither comes nor fails is spoken of, too.
      const slow = setTimeout(() => boot.late(true), 8e3);
      files.then(([module, wasm, messages]) => {
        clearTimeout(slow);
        boot.messages = messages;
        boot.late(false);
        return module.default({ module_or_path: wasm });
      }, () => {
        clearTimeout(slow);
        if (tries > 2) boot.late(true);
        const again = () => {
          clearTimeout(timer);
          removeEventListener('online', again);
          boot.load(name, tries + 1);
        };
        const timer = setTimeout(again, Math.min(500 * 2 ** tries, 3e4));
        addEventListener('online', again);
      });
    },
    // Sent at once. The lock is held until the app has saved the session, so that a second page with this callback waits
    // for it; two that come at the very same moment send one code, for which the backend has one answer.
    begin(proof) {
      const sent = claim(proof);
      if (!sent) return;
      // Read at once, not when a module is there to ask for it.
      const text = sent.then((answer) => answer.text());
      boot.said = sent.then((answer) => answer.ok ? text : null);
      boot.exchange = sent.then(async (answer) => new Response(await text, answer));
      for (const promise of [text, boot.said, boot.exchange]) promise.catch(() => {});
      const saved = new Promise((release) => { boot.release = release; });
      if (navigator.locks) navigator.locks.request(name, () => saved).catch(() => {});
    },
    // A proof for the exchange, good for one, signed ahead with a nonce of this time.
    keep(proof, at) { write('admit-one.proof', JSON.stringify({ proof, at })); },
    forget() { for (const store of stores) try { self[store].removeItem('admit-one.proof'); } catch { /* nor is it there */ } },
    callback: false,
  };
  // A press before the app is there is honoured when it is: from the first paint of a button on. The last one counts.
  document.addEventListener('click', (event) => {
    const button = event.target.closest && event.target.closest('.provider');
    if (!button || boot.ready) return;
    boot.pressed = button.dataset.provider;
    for (const other of document.querySelectorAll('.provider[aria-busy]')) other.removeAttribute('aria-busy');
    button.setAttribute('aria-busy', 'true');
  });
  const path = location.pathname;
  // Who is signed in doesn't need the sign-in module, and whoever isn't will have it while the page is still read.
  if (path === '/' && !stores.some((store) => read(store, 'admit-one'))) {
    const js = named('sign-in'), wasm = { rel: 'preload', as: 'fetch', crossOrigin: '', href: js.replace(/\.js$/, '_bg.wasm') };
    for (const link of [{ rel: 'modulepreload', href: js }, wasm]) document.head.append(Object.assign(document.createElement('link'), link));
  }
  if (!path.startsWith('/callback/')) return;

  // Anything unusual is left to the app.
  const query = new URLSearchParams(location.search), names = [...query.keys()];
  const { code, state, iss, error } = Object.fromEntries(query);
  const name = 'admit-one.pending.' + state;
  const store = stores.find((store) => read(store, name));
  const claim = (proof) => {
    const pending = parse(read(store, name));
    const plain = pending && !pending.claimed_at && !pending.kind && !pending.step_up &&
      pending.redirect_uri === location.origin + path &&
      (iss ? iss === pending.issuer : !pending.iss_required) && Date.now() - pending.started_at < 36e5;
    if (!plain) return null;
    try {
      self[store].setItem(name, JSON.stringify({ ...pending, claimed_at: Date.now() }));
    } catch {
      return null;
    }
    const { provider, code_verifier, redirect_uri } = pending;
    const body = JSON.stringify({ provider, code, code_verifier, redirect_uri, iss: iss || undefined });
    const send = (proof) => fetch('/v1/exchange', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Admit-One': '1', DPoP: proof },
      body,
    });
    return proof.then ? proof.then(send) : send(proof);
  };
  boot.callback = !!(!read('localStorage', 'admit-one.forget') && code && state && !error && store && names.length <= 100 && new Set(names).size === names.length);
  // A store that need not be asked costs the page nothing: the first question to each waits for another process.
  const shelf = stores.find((store) => read(store, 'admit-one.proof'));
  const kept = shelf && parse(read(shelf, 'admit-one.proof'));
  if (shelf) self[shelf].removeItem('admit-one.proof');
  if (boot.callback && kept && Date.now() - kept.at < 2e5) boot.begin(kept.proof);
  if (boot.exchange && boot.wasm && named('sign-in')) {
    ahead = fetched('sign-in');
    ahead.catch(() => {});
    // What lasts no longer than a blink needs no word; nor does the page have to be drawn twice, which is what the exchange's answer would wait for.
    const { dataset } = document.documentElement;
    dataset.brief = '';
    setTimeout(() => delete dataset.brief, 400);
  }
})();
