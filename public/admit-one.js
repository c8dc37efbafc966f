// <admit-one partner="…">: a button on a partner's page that signs the buyer in. See docs/widget.md; types in admit-one.d.ts.
//
// The page needs no more of its policy than `script-src` and `frame-src` of our origin. What is secret stays here: the
// verifier, and what was released. Everything else happens on our own pages, in a popup or in place of this one.

const ours = new URL(import.meta.url).origin;
const KEPT = 'admit-one.widget';
const WORDS = { en: ['Sign in', 'Sign out'], fr: ['Se connecter', 'Se déconnecter'], de: ['Anmelden', 'Abmelden'] };
const CSS = `:host { display: inline-block } :host([hidden]) { display: none }
button { font: var(--admit-one-font, inherit); color: var(--admit-one-color, #fff); cursor: pointer; min-height: 44px;
  background: var(--admit-one-background, #1d4ed8); border: var(--admit-one-border, 0);
  border-radius: var(--admit-one-radius, 8px); padding: var(--admit-one-padding, .6em 1.2em) }
button:focus-visible { outline: 3px solid var(--admit-one-focus, #b45309); outline-offset: 2px }
button[aria-busy=true] { opacity: .7; cursor: progress }`;

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
const pair = async () => {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return { verifier, challenge: base64url(hash) };
};
const fault = (code) => Object.assign(new Error(code), { name: 'AdmitOneError', code });
// What the page's developer has to know; our own page, which says more, may be gone by now.
const ADVICE = {
  partner_unknown: 'no [[partners]] of the configuration has this `partner` as its `id`',
  partner_origin: `${globalThis.location?.origin} isn't among the \`origins\` of this partner`,
  frame_refused: `the page's policy may lack ${ours} in \`frame-src\``,
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What is under way outlives a redirect and a reload of this tab; where storage is blocked it lives in the page.
let memory = null;
const keep = (value) => {
  memory = value;
  try { value ? sessionStorage.setItem(KEPT, JSON.stringify(value)) : sessionStorage.removeItem(KEPT); } catch { /* blocked */ }
};
const kept = () => {
  try { return memory || JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
};

// A popup that was cut off from its opener comes back to this page, and tells the page that opened it.
const channel = globalThis.document && globalThis.BroadcastChannel && new BroadcastChannel(KEPT);
const heard = (challenge) => new Promise((resolve) => {
  if (!channel) return resolve(false);
  channel.addEventListener('message', ({ data }) => data.taken === challenge && resolve(true));
  setTimeout(resolve, 400, false);
});
const here = () => location.href.split('#')[0];
const returned = () => {
  const [, text] = /^#admit-one=(.+)/.exec(location.hash) || [];
  if (!text) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  try { return JSON.parse(decodeURIComponent(text)); } catch { return null; }
};
let arrived = globalThis.document && (returned() || kept()?.message);
let offline; // said already
let pressed; // the last element that was: of several on a page, the answer is for this one

class AdmitOne extends (globalThis.HTMLElement || class {}) {
  static observedAttributes = ['label', 'label-out', 'lang'];
  #button; #pair; #attempt; #user = null; #until = 0;

  /** What was released of who is signed in, or null. */
  get user() { return this.#user; }

  connectedCallback() {
    if (!this.#button) this.#build();
    this.#paint();
    addEventListener('message', this.#hear);
    addEventListener('pageshow', this.#back);
    channel?.addEventListener('message', this.#hear);
    this.#prepare().then(() => {
      this.#tell('ready');
      const message = kept()?.partner === this.getAttribute('partner') && arrived;
      if (!message) return;
      arrived = null;
      this.#arrive(message);
    });
  }

  disconnectedCallback() {
    removeEventListener('message', this.#hear);
    removeEventListener('pageshow', this.#back);
    channel?.removeEventListener('message', this.#hear);
  }

  attributeChangedCallback() { if (this.#button) this.#paint(); }

  /** Signs the buyer in; resolves to what was released. Call it in a press, or browsers refuse the popup. */
  signIn() { return this.#go('sign-in'); }

  /** Asks for one more proof of who is signed in. */
  stepUp() { return this.#go('step-up'); }

  /** Forgets who is signed in, here and on our own pages. */
  signOut() {
    this.#take(null);
    this.#tell('signed-out');
    return this.#go('sign-out');
  }

  /** The ID token, if the partner may have it and it is good still. */
  async getToken() { return this.#user?.id_token && Date.now() < this.#until ? this.#user.id_token : null; }

  #build() {
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch { /* a button as an old browser has it */ }
    this.#button = Object.assign(document.createElement('button'), { type: 'button', part: 'button' });
    this.#button.addEventListener('click', () => (this.#user ? this.signOut() : this.signIn()).catch(() => {}));
    root.append(this.#button);
  }

  #paint() {
    const words = WORDS[this.#lang().slice(0, 2)] || WORDS.en;
    this.#button.textContent = this.getAttribute(this.#user ? 'label-out' : 'label') || words[this.#user ? 1 : 0];
    this.#button.setAttribute('aria-busy', !!this.#attempt);
  }

  #lang() { return (this.closest('[lang]')?.lang || navigator.language || 'en').toLowerCase(); }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent('admit-one:' + name, { bubbles: true, composed: true, detail })); }

  // Ahead of the press, so that nothing stands between it and the popup.
  async #prepare() { try { this.#pair = await pair(); } catch { /* said on the press */ } }

  #go(action) {
    const before = this.#attempt;
    if (before?.action === action && (before.opening || !before.popup?.closed)) {
      before.popup?.focus();
      if (before.popup === null) location.assign(before.url); // the page has stayed where it was
      return before.promise;
    }
    if (before) {
      const { popup } = before;
      popup?.close();
      // One is lost where its page is just changing.
      for (const ms of [1e3, 3e3, 6e3]) setTimeout(() => popup?.close(), ms);
      this.#fail('popup_closed');
    }
    const attempt = this.#begin(action), made = this.#pair;
    this.#pair = null;
    this.#prepare();
    this.#paint();
    if (made) this.#leave(attempt, made);
    else pair().then((late) => this.#leave(attempt, late), () => this.#fail('crypto_unavailable'));
    return attempt.promise;
  }

  #begin(action) {
    const attempt = this.#attempt = { action };
    attempt.promise = new Promise((resolve, reject) => Object.assign(attempt, { resolve, reject }));
    attempt.promise.catch(() => {}); // the event says it, too
    return attempt;
  }

  #leave(attempt, { verifier, challenge }) {
    if (this.#attempt !== attempt) return;
    if (!this.getAttribute('partner')) return this.#fail('partner_unknown');
    // Once, since some browsers say so wrongly.
    if (!navigator.onLine && (offline = !offline)) return this.#fail('offline');
    const { action } = attempt, partner = this.getAttribute('partner');
    const url = `${ours}/widget?${new URLSearchParams({ partner, action, challenge, origin: location.origin, lang: this.#lang() })}`;
    const mine = { partner, action, challenge, verifier };
    keep(mine); // before the popup, which takes a copy along
    pressed = this;
    attempt.url = url;
    attempt.popup = this.getAttribute('mode') === 'redirect' ? null : open(url, '_blank', 'popup,width=480,height=720');
    if (attempt.popup) return this.#watch(attempt);
    keep({ ...mine, redirected: here() });
    location.assign(url);
  }

  // Only whoever looks at this page again has closed the popup: one that a provider has cut off looks closed, too.
  async #watch(attempt) {
    do await pause(300); while (this.#attempt === attempt && !(attempt.popup.closed && document.hasFocus()));
    await pause(700);
    if (this.#attempt !== attempt || attempt.opening) return;
    attempt.action === 'sign-out' ? this.#done(null) : this.#fail('popup_closed');
  }

  // The back button brings the page that was left as it was.
  #back = ({ persisted }) => {
    if (persisted && this.#attempt && !this.#attempt.popup) this.#fail('popup_closed');
  };

  // A popup of ours, by its origin and handle; or this page in a popup of its own, by the channel.
  #hear = ({ origin, source, data, currentTarget }) => {
    const popup = this.#attempt?.popup, mine = kept();
    if (!data?.challenge || data.challenge !== mine?.challenge || mine.partner !== this.getAttribute('partner')) return;
    if (pressed !== this && pressed?.isConnected) return;
    if (currentTarget === channel) channel.postMessage({ taken: data.challenge });
    else if (origin !== ours || (popup && source !== popup && !popup.closed)) return;
    else source.close?.();
    this.#finish(data, mine);
  };

  // Back from our pages, in the address. In a popup this is for the page that opened it, if that is still there.
  async #arrive(message) {
    const mine = kept();
    if (!mine || message.challenge !== mine.challenge) return;
    // Our pages come back to one page of the partner's: on to the one that was left, once, should it be elsewhere by now.
    if (mine.redirected && !mine.message && mine.redirected !== here()) {
      keep({ ...mine, message });
      return location.replace(mine.redirected);
    }
    if (!mine.redirected) {
      const taken = heard(message.challenge);
      channel?.postMessage(message);
      if (await taken) return close();
    }
    this.#finish(message, mine);
  }

  async #finish({ sealed, error }, { partner, verifier, action }) {
    keep(null);
    const attempt = this.#attempt || this.#begin(action);
    attempt.opening = true;
    this.#paint();
    if (error) return this.#fail(error);
    if (!sealed) return this.#done(null);
    try {
      const user = await this.#open(partner, sealed, verifier);
      if (this.#attempt !== attempt) return; // signed out meanwhile
      this.#until = Date.now() + user.expires_in * 1000;
      this.#take(user);
      this.#done(user);
      this.#tell('signed-in', user);
      if (user.profile_completed) this.#tell('profile-completed', user);
    } catch ({ code }) {
      if (this.#attempt === attempt) this.#fail(code);
    }
  }

  // A hidden frame of ours has it opened: this page needs no `connect-src`.
  #open(partner, sealed, verifier) {
    return new Promise((resolve, reject) => {
      const frame = document.createElement('iframe');
      const end = (settle, value) => {
        clearTimeout(timer);
        removeEventListener('message', hear);
        frame.remove();
        settle(value);
      };
      const hear = ({ origin, source, data }) => {
        if (origin !== ours || source !== frame.contentWindow) return;
        data.result ? end(resolve, data.result) : end(reject, fault(data.error));
      };
      const timer = setTimeout(() => end(reject, fault('frame_refused')), 10000);
      addEventListener('message', hear);
      frame.hidden = true;
      frame.src = `${ours}/widget/frame?partner=${encodeURIComponent(partner)}`;
      frame.addEventListener('load', () => frame.contentWindow.postMessage({ sealed, verifier }, ours));
      this.shadowRoot.append(frame);
    });
  }

  #take(user) {
    this.#user = user;
    this.#paint();
  }

  #done(value) {
    const { resolve } = this.#attempt || {};
    this.#attempt = null;
    this.#paint();
    resolve?.(value);
  }

  #fail(code) {
    const { reject, action } = this.#attempt || {};
    this.#attempt = null;
    this.#paint();
    if (ADVICE[code]) console.warn(`<admit-one>: ${code}: ${ADVICE[code]}`);
    this.#tell('error', { code, action });
    reject?.(fault(code));
  }
}

if (globalThis.customElements && !customElements.get('admit-one')) customElements.define('admit-one', AdmitOne);

export { AdmitOne };
