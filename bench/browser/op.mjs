// A real OpenID provider (npm oidc-provider) that logs in by itself, so that the whole dance runs without typing, and the page
// that the buyer comes from. To the browser 127.0.0.1 is another site than localhost, where the apps are.
//   node op.mjs PORT REDIRECT_URI…
// Clients: `spa` (public, PKCE, CORS) for the pages, `web` / `web-secret` (client_secret_basic) for Admit One.
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const [port, ...redirect_uris] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const scope = 'openid offline_access email profile phone';

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
}

const client = (client_id, more) => ({
  client_id, redirect_uris, response_types: ['code'],
  post_logout_redirect_uris: redirect_uris.map((uri) => `${new URL(uri).origin}/signed-out`),
  grant_types: ['authorization_code', 'refresh_token'], ...more,
});

const account = (sub) => ({
  sub, email: `${sub}@example.test`, email_verified: true, name: 'Alice Example', given_name: 'Alice',
  family_name: 'Example', phone_number: '+33612345678', phone_number_verified: true,
});

const provider = new Provider(issuer, {
  clients: [
    client('spa', { token_endpoint_auth_method: 'none' }),
    client('web', { client_secret: 'web-secret', token_endpoint_auth_method: 'client_secret_basic' }),
  ],
  jwks: { keys: [await key('RS256'), await key('ES256')] },
  cookies: { keys: ['not-a-secret-only-for-measuring'] },
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'],
    phone: ['phone_number', 'phone_number_verified'], acr: null, auth_time: null, sid: null,
  },
  scopes: scope.split(' '),
  conformIdTokenClaims: false, // the claims are in the ID token too, as with most providers
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  pkce: { required: () => true },
  issueRefreshToken: async (ctx, to) => to.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  clientBasedCORS: () => true,
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 3600, RefreshToken: 86400, Session: 86400 },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (ctx, sub) => ({ accountId: sub, claims: async () => account(sub) }),
  loadExistingGrant: async (ctx) => { // consent to whatever is asked
    const { client: asking, session } = ctx.oidc;
    const id = ctx.oidc.result?.consent?.grantId ?? session.grantIdFor(asking.clientId);
    const grant = (id && await provider.Grant.find(id))
      || new provider.Grant({ clientId: asking.clientId, accountId: session.accountId });
    grant.addOIDCScope(scope);
    await grant.save();
    return grant;
  },
  renderError: (ctx, out) => { ctx.type = 'text'; ctx.body = JSON.stringify(out); },
});

provider.use(async (ctx, next) => {
  if (ctx.path !== '/shop') return next();
  ctx.type = 'html';
  ctx.body = '<!doctype html><title>Shop</title><link rel="icon" href="data:,"><h1>Tickets</h1>';
});
provider.use(async (ctx, next) => { // the login page is an immediate redirect
  if (!ctx.path.startsWith('/interaction/')) return next();
  await provider.interactionFinished(ctx.req, ctx.res,
    { login: { accountId: 'alice', remember: true }, consent: {} }, { mergeWithLastSubmission: true });
  ctx.respond = false;
});
provider.on('server_error', (ctx, error) => console.error('provider:', error));
provider.listen(Number(port), '127.0.0.1');
