// A certified OpenID provider (npm oidc-provider) for the journeys: real login form, real rotation, nothing of ours in it.
//
//   PORT=0 REDIRECT_URIS=http://localhost:8800/callback/op node server.mjs
//
// prints `ready <issuer>` once it answers. Persona `alice` (and `bob`, with less in his profile), password `ticket`.
//
//   PORT                        port on the loopback interface, 0 for a free one        [0]
//   ISSUER_PATH                 a path for the issuer, "/club" say                       [""]
//   REDIRECT_URIS               of every client, separated by commas
//   POST_LOGOUT_REDIRECT_URIS   the same for the way back from a sign-out
//   CONFORM_ID_TOKEN_CLAIMS     1: profile claims only from UserInfo (OIDC Core 5.4)     [0]
//
//   POST /__control/rotate      signs with new keys from now on; the old ones stay published
//   POST /__control/rotate?drop the old ones vanish
//   GET  /__control/clients/shop-jwt/key.pem  the private key of that client, made at the start

import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { loginPage, readForm } from './login.mjs';
import { claimsOf, passwordFits } from './personas.mjs';
import { Store } from './store.mjs';

const { PORT = '0', ISSUER_PATH = '', REDIRECT_URIS, POST_LOGOUT_REDIRECT_URIS, CONFORM_ID_TOKEN_CLAIMS } = process.env;
const ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

const list = (value = '') => value.split(',').map((item) => item.trim()).filter(Boolean);

/** A private signing key for each algorithm, each under a `kid` never seen before. */
async function signingKeys() {
  return Promise.all(ALGS.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
    return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${randomUUID()}` };
  }));
}

// Both halves of the key of `shop-jwt`: whoever configures that client fetches the private one.
const clientKey = await generateKeyPair('ES256', { extractable: true });
const clientJwks = { keys: [{ ...(await exportJWK(clientKey.publicKey)), alg: 'ES256', use: 'sig' }] };

const client = (client_id, alg, more) => ({
  client_id,
  client_secret: 'shop-secret',
  token_endpoint_auth_method: 'client_secret_basic',
  redirect_uris: list(REDIRECT_URIS),
  post_logout_redirect_uris: list(POST_LOGOUT_REDIRECT_URIS),
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  id_token_signed_response_alg: alg,
  ...more,
});

const configuration = (keys) => ({
  adapter: Store,
  clients: [
    client('shop', 'RS256'),
    client('shop-ps256', 'PS256'),
    client('shop-es256', 'ES256'),
    client('shop-eddsa', 'EdDSA'),
    client('shop-post', 'RS256', { token_endpoint_auth_method: 'client_secret_post' }),
    client('shop-public', 'ES256', { token_endpoint_auth_method: 'none', client_secret: undefined }),
    client('shop-jwt', 'RS256', { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined, jwks: clientJwks }),
  ],
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: ALGS },
  cookies: { keys: ['of a provider that only tests talk to'] },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'given_name', 'family_name', 'birthdate', 'gender', 'locale'],
    phone: ['phone_number', 'phone_number_verified'],
    address: ['address'],
    acr: null,
    auth_time: null,
    sid: null,
  },
  scopes: ['openid', 'offline_access', 'email', 'profile', 'phone', 'address'],
  conformIdTokenClaims: CONFORM_ID_TOKEN_CLAIMS === '1',
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: confirmLogout },
  },
  pkce: { required: () => true },
  issueRefreshToken: async (ctx, { grantTypes }) => grantTypes.includes('refresh_token'),
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 3600, RefreshToken: 86400, Session: 86400 },
  interactions: { url: (ctx, interaction) => `${ISSUER_PATH}/interaction/${interaction.uid}` },
  findAccount: async (ctx, sub) => claimsOf(sub) && { accountId: sub, claims: async () => claimsOf(sub) },
  loadExistingGrant,
});

/** Whoever signs in here has agreed: a consent page would add a click to every journey and test nothing of ours. */
async function loadExistingGrant(ctx) {
  const { client: { clientId }, session, result, provider } = ctx.oidc;
  const known = result?.consent?.grantId ?? session.grantIdFor(clientId);
  const grant = (known && await provider.Grant.find(known)) || new provider.Grant({ clientId, accountId: session.accountId });
  grant.addOIDCScope('openid offline_access email profile phone address');
  await grant.save();
  return grant;
}

/** "Do you want to sign out here too?", answered with yes. */
function confirmLogout(ctx, form) {
  ctx.body = `<!doctype html><title>Signing out</title><body>${form}
<script>
  const form = document.forms[0];
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'logout', value: 'yes' }));
  form.submit();
</script>`;
}

/** The login form: shows it, checks what is posted, and hands the verdict to the provider. */
async function interact(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const form = request.method === 'POST' ? await readForm(request) : undefined;
  if (form && passwordFits(form.get('username'), form.get('password'))) {
    const login = { accountId: form.get('username'), acr: params.acr_values?.split(' ')[0], remember: true };
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  }
  response.writeHead(form ? 401 : 200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
  response.end(loginPage({ username: form?.get('username') ?? params.login_hint, refused: Boolean(form) }));
}

/** One provider, whose keys can be replaced while its sessions, codes and refresh tokens live on. */
class RotatingProvider {
  constructor(issuer) {
    this.issuer = issuer;
    this.keys = [];
  }

  /** The first key of an algorithm signs, so the new ones go to the front. */
  async rotate({ drop = false } = {}) {
    this.keys = [...await signingKeys(), ...(drop ? [] : this.keys)];
    this.provider = new Provider(this.issuer, configuration(this.keys));
    this.provider.on('server_error', (ctx, error) => console.error('server_error', error));
    this.callback = this.provider.callback();
  }

  async handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.issuer);
    if (pathname === '/__control/rotate' && request.method === 'POST') {
      await this.rotate({ drop: searchParams.has('drop') });
      return response.writeHead(204).end();
    }
    if (pathname === '/__control/clients/shop-jwt/key.pem') return response.end(await exportPKCS8(clientKey.privateKey));
    if (!pathname.startsWith(ISSUER_PATH)) return response.writeHead(404).end();
    if (pathname.startsWith(`${ISSUER_PATH}/interaction/`)) return interact(this.provider, request, response);
    // As behind a proxy that strips the prefix: the provider finds it again in `originalUrl`.
    request.originalUrl = request.url;
    request.url = request.url.slice(ISSUER_PATH.length) || '/';
    return this.callback(request, response);
  }
}

let served;
const server = createServer((request, response) => {
  served.handle(request, response).catch((error) => {
    console.error(request.method, request.url, error);
    if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
    response.end(error.message);
  });
});
// The port is known first, the issuer follows from it.
await new Promise((resolve) => { server.listen(Number(PORT), '127.0.0.1', resolve); });
served = new RotatingProvider(`http://localhost:${server.address().port}${ISSUER_PATH}`);
await served.rotate();
console.log(`ready ${served.issuer}`);

// A test that dies takes its provider with it: the pipe to standard input closes.
if (process.env.STOP_WITH_STDIN === '1') process.stdin.on('close', () => process.exit(0)).resume();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
