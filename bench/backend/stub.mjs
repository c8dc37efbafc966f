// The upstream: nginx with a fixed answer to a token request, so that the backend before it is what is measured.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, untilUp } from '../lib/machine.mjs';

const nginx = (folder, servers) => `daemon off; master_process off; error_log stderr crit; pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http { access_log off; default_type application/json; keepalive_requests 100000000; keepalive_timeout 300s;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((path) => `${path}_temp_path ${folder}/${path};`).join(' ')}
${servers} }`;

function run(servers, core) {
  const folder = mkdtempSync(join(tmpdir(), 'admit-one-bench-nginx-'));
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, nginx(folder, servers));
  return start('nginx', ['-p', folder, '-c', config], { core });
}

async function answers(issuer) {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const id_token = await new SignJWT({ email: 'alice@example.test', name: 'Alice Example', phone_number: '+33612345678', acr: 'eidas1' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' }).setIssuer(issuer).setAudience('web').setSubject('alice')
    .setIssuedAt().setExpirationTime('1d').sign(privateKey);
  return {
    '/token': { access_token: 'YLEdhT9aTW9Mp88gj2THmlVTex52CKWteqSh2xRfV0D', token_type: 'Bearer', expires_in: 3600,
      refresh_token: 'XSzbwmXOoYUN5j_tyvnQ3ptUHXg2Min-jq2bINuoBdU', scope: 'openid email profile phone', id_token },
    '/jwks': { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] },
    '/.well-known/openid-configuration': { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'], token_endpoint_auth_methods_supported: ['client_secret_basic'],
      code_challenge_methods_supported: ['S256'] },
  };
}

export async function stub(port, core) {
  const issuer = `http://127.0.0.1:${port}`;
  const locations = Object.entries(await answers(issuer))
    .map(([path, body]) => `location = ${path} { return 200 '${JSON.stringify(body)}'; }`).join('\n');
  const child = run(`server { listen 127.0.0.1:${port} backlog=4096; ${locations} }`, core);
  await untilUp(`${issuer}/jwks`, child);
  return { child, issuer };
}

/** The ceiling: a reverse proxy that adds the client's secret and does nothing else. */
export async function proxy(port, upstream, core) {
  const child = run(`upstream stub { server ${upstream}; keepalive 128; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port} backlog=4096; location = /exchange { proxy_pass http://stub/token; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_set_header Authorization "Basic d2ViOndlYi1zZWNyZXQ="; } }`, core);
  await untilUp(`http://127.0.0.1:${port}/exchange`, child);
  return child;
}
