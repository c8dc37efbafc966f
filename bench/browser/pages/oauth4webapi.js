// oauth4webapi without a framework: the one peer here that checks the ID token's signature.
import * as oauth from 'oauth4webapi';
import { signedIn, signedOut } from './screens.js';

const client = { client_id: 'spa' };
const redirect_uri = `${location.origin}/callback`;
const insecure = { [oauth.allowInsecureRequests]: true };

async function server() {
  if (sessionStorage.server) return JSON.parse(sessionStorage.server);
  const issuer = new URL(ISSUER);
  const found = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  sessionStorage.server = JSON.stringify(found);
  return found;
}

async function signIn() {
  const { authorization_endpoint } = await server();
  const pending = { code_verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() };
  sessionStorage.pending = JSON.stringify(pending);
  location.assign(`${authorization_endpoint}?${new URLSearchParams({
    ...client, redirect_uri, response_type: 'code', scope: 'openid email profile phone', state: pending.state, nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.code_verifier), code_challenge_method: 'S256' })}`);
}

if (location.search.includes('code=')) {
  const as = await server();
  const { state, nonce, code_verifier } = JSON.parse(sessionStorage.pending);
  sessionStorage.removeItem('pending');
  const parameters = oauth.validateAuthResponse(as, client, new URL(location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), parameters, redirect_uri, code_verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true });
  await oauth.validateApplicationLevelSignature(as, response, insecure);
  const { email } = oauth.getValidatedIdTokenClaims(tokens);
  sessionStorage.user = JSON.stringify({ tokens, email });
  history.replaceState(null, '', '/');
  signedIn(email);
} else if (sessionStorage.user) {
  signedIn(JSON.parse(sessionStorage.user).email);
} else {
  signedOut(signIn);
}
