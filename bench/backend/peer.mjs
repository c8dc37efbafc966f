// The peer: openid-client on fastify, doing the exchange and no sealing and no proof.
//   node peer.mjs PORT ISSUER
import Fastify from 'fastify';
import * as client from 'openid-client';

const [port, issuer] = process.argv.slice(2);
const server = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
const config = new client.Configuration(server, 'web', undefined, client.ClientSecretBasic('web-secret'));
client.allowInsecureRequests(config);

const app = Fastify({ logger: false });
const required = ['code', 'code_verifier', 'redirect_uri'];
const schema = { body: { type: 'object', required, properties: Object.fromEntries(required.map((name) => [name, { type: 'string' }])) } };
app.get('/healthz', async () => 'ok');
app.post('/exchange', { schema }, async ({ body: { code, code_verifier, redirect_uri } }, reply) => {
  try {
    const callback = new URL(redirect_uri);
    callback.searchParams.set('code', code);
    const tokens = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier: code_verifier, idTokenExpected: true });
    const { access_token, id_token, refresh_token, expires_in, token_type } = tokens;
    return { access_token, id_token, refresh_token, expires_in, token_type };
  } catch (error) {
    return reply.code(502).send({ error: String(error.code ?? error.message) });
  }
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
