// Admit One itself: the release build of the backend, serving dist, on a free port with a configuration of its own.
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, start, untilUp } from './machine.mjs';

const bin = process.env.ADMIT_ONE_BIN;
const dist = process.env.ADMIT_ONE_DIST;

/** Why Admit One can't be measured, or null. */
export function missing() {
  if (!bin || !existsSync(bin)) return `the backend is not built (${bin})`;
  if (!dist || !existsSync(join(dist, 'index.html'))) return `the app is not built (${dist})`;
  return null;
}

const toml = ({ port, issuer, database }) => `
[server]
listen = "127.0.0.1:${port}"
public_url = "http://localhost:${port}"
app_dir = ${JSON.stringify(dist)}

[seal]
keys = [{ id = "bench", secret_env = "BENCH_SEAL_KEY" }]
nonce_lifetime = 3600   # the proofs are signed ahead of the run

[database]
url = "sqlite://${database}"

[limits]
per_minute = 0   # no limit: all requests come from one address

[[providers]]
id = "bench"
kind = "oidc"
label = "Bench"
issuer = "${issuer}"
client_id = "web"
client_secret_env = "BENCH_CLIENT_SECRET"
scopes = ["openid", "email", "profile", "phone"]

[log]
filter = "warn"
`;

/** The address is known before the start, since the provider must know the redirect URI. */
export async function reserve() {
  const port = await freePort();
  return { port, url: `http://localhost:${port}/`, redirectUri: `http://localhost:${port}/callback/bench` };
}

export async function serve({ port, issuer, core }) {
  const folder = mkdtempSync(join(tmpdir(), 'admit-one-bench-'));
  const config = join(folder, 'admit-one.toml');
  writeFileSync(config, toml({ port, issuer, database: join(folder, 'bench.db') }));
  const child = start(bin, ['serve', '--config', config], { core, env: {
    BENCH_SEAL_KEY: randomBytes(32).toString('base64url'), BENCH_CLIENT_SECRET: 'web-secret',
  } });
  await untilUp(`http://127.0.0.1:${port}/readyz`, child);
  return child;
}
