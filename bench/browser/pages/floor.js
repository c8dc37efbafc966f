// The floor: no library, no verification worth the name, nothing but the token request.
import { signedIn, signedOut } from './screens.js';

const client_id = 'spa';
const redirect_uri = `${location.origin}/callback`;
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function signIn() {
  const pending = { code_verifier: random(), state: random(), nonce: random() };
  sessionStorage.pending = JSON.stringify(pending);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.code_verifier));
  location.assign(`${ISSUER}/auth?${new URLSearchParams({
    client_id, redirect_uri, response_type: 'code', scope: 'openid email profile phone', state: pending.state,
    nonce: pending.nonce, code_challenge: base64url(digest), code_challenge_method: 'S256' })}`);
}

function claims(id_token) {
  const text = atob(id_token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
}

const query = new URLSearchParams(location.search);
if (query.has('code')) {
  const pending = JSON.parse(sessionStorage.pending);
  sessionStorage.removeItem('pending');
  if (query.get('state') !== pending.state) throw Error('state');
  const response = await fetch(`${ISSUER}/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'authorization_code', client_id, redirect_uri, code: query.get('code'), code_verifier: pending.code_verifier }) });
  const tokens = await response.json();
  const { iss, aud, nonce, exp, email } = claims(tokens.id_token);
  if (iss !== ISSUER || aud !== client_id || nonce !== pending.nonce || exp * 1000 < Date.now()) throw Error('id_token');
  sessionStorage.user = JSON.stringify({ tokens, email });
  history.replaceState(null, '', '/');
  signedIn(email);
} else if (sessionStorage.user) {
  signedIn(JSON.parse(sessionStorage.user).email);
} else {
  signedOut(signIn);
}
