// Exchanges per second, one core for the backend and one for wrk and the stub; every backend in turn, several times over.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds, freePort, quiet, residentBytes, sleep, start, stop, untilUp } from '../lib/machine.mjs';
import * as ours from '../lib/ours.mjs';
import { summary } from '../lib/stats.mjs';
import * as proofs from './proofs.mjs';
import { proxy, stub } from './stub.mjs';

const [BACKEND_CORE, LOAD_CORE] = [0, 1];
const CONNECTIONS = 64;
const here = new URL('.', import.meta.url).pathname;

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
// wrk counts in the place of CODE; the rest of the code is the run's.
const body = (redirect_uri, more = {}) => JSON.stringify({ ...more, code: 'CODE', code_verifier: VERIFIER, redirect_uri });

function wrk(target, seconds, proofFile) {
  const { origin, pathname } = new URL(target.url);
  const args = ['-c', String(LOAD_CORE), 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', `${here}exchange.lua`, origin];
  const env = { ...process.env, TARGET_PATH: pathname, TARGET_ORIGIN: target.origin, TARGET_BODY: target.body.replace('CODE', `CODE${randomBytes(9).toString('base64url')}`) };
  if (proofFile) env.PROOFS = proofFile;
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', args, { env });
    let text = '';
    child.stdout.on('data', (chunk) => { text += chunk; });
    child.stderr.on('data', (chunk) => { text += chunk; });
    child.on('close', () => {
      const found = text.match(/JSON (.*)/);
      if (found) resolve(JSON.parse(found[1])); else reject(new Error(text));
    });
  });
}

async function once(target, seconds, proofFile) {
  const cpu = cpuSeconds(target.child.pid);
  let resident = 0;
  const timer = setInterval(() => { resident = Math.max(resident, residentBytes(target.child.pid)); }, 100);
  const { requests, microseconds, p50, p99, max, not2xx, socket } = await wrk(target, seconds, proofFile);
  clearInterval(timer);
  return { requests, per_second: requests / (microseconds / 1e6), p50: p50 / 1000, p99: p99 / 1000, max: max / 1000,
    microseconds: (cpuSeconds(target.child.pid) - cpu) * 1e6 / requests, resident, errors: not2xx + socket };
}

async function nonce(url) {
  const response = await fetch(new URL('/v1/configuration', url));
  return (await response.json()).nonce;
}

export async function measure({ withOurs, cores, seconds, repeats }) {
  const folder = mkdtempSync(join(tmpdir(), 'admit-one-bench-proofs-'));
  const children = [];
  try {
    const upstream = await stub(await freePort(), LOAD_CORE);
    children.push(upstream.child);
    const proxyPort = await freePort();
    const proxyChild = await proxy(proxyPort, new URL(upstream.issuer).host, BACKEND_CORE);
    children.push(proxyChild);
    const peerPort = await freePort();
    const peerChild = start(process.execPath, [`${here}peer.mjs`, peerPort, upstream.issuer], { core: BACKEND_CORE });
    children.push(peerChild);
    await untilUp(`http://127.0.0.1:${peerPort}/healthz`, peerChild);
    const page = 'http://localhost:9501';
    const peerBody = body(`${page}/callback`);
    const targets = [
      { name: 'nginx proxy_pass', url: `http://127.0.0.1:${proxyPort}/exchange`, child: proxyChild, origin: page, body: peerBody },
      { name: 'fastify + openid-client', url: `http://127.0.0.1:${peerPort}/exchange`, child: peerChild, origin: page, body: peerBody },
    ];
    if (withOurs) {
      const { port, url, redirectUri } = await ours.reserve();
      const child = await ours.serve({ port, issuer: upstream.issuer, core: cores });
      children.push(child);
      for (const [name, alg] of [['admit-one', 'EdDSA'], ['admit-one, P-256', 'ES256']]) {
        targets.push({ name, alg, url: `http://127.0.0.1:${port}/v1/exchange`, publicUrl: url, child,
          origin: new URL(url).origin, body: body(redirectUri, { provider: 'bench' }) });
      }
    }

    const results = Object.fromEntries(targets.map(({ name, child }) => [name, { idle: residentBytes(child.pid), runs: [] }]));
    const load = [];
    const walk = async (target, duration) => {
      if (!target.publicUrl) return once(target, duration);
      const file = join(folder, 'proofs');
      // Twice as many as the best run used, since others may have been disturbed.
      const known = [target.warmUp, ...results[target.name].runs].filter(Boolean).map((run) => run.per_second);
      const perSecond = known.length ? Math.max(...known) * 2 : 20_000;
      proofs.write(file, Math.ceil(perSecond * duration) + 1000, {
        alg: target.alg, url: new URL('/v1/exchange', target.publicUrl).href, nonce: await nonce(target.url) });
      return once(target, duration, file);
    };
    for (const target of targets) target.warmUp = await walk(target, 2);
    for (let repeat = 1; repeat <= repeats; repeat++) {
      for (const target of targets) {
        load.push(await quiet());
        results[target.name].runs.push(await walk(target, seconds));
        await sleep(200);
      }
      process.stderr.write(`\rbench: backend, repeat ${repeat} of ${repeats} `);
    }
    process.stderr.write('\n');
    for (const result of Object.values(results)) {
      for (const figure of ['per_second', 'p50', 'p99', 'microseconds', 'resident']) result[figure] = summary(result.runs.map((run) => run[figure]));
      result.errors = result.runs.reduce((total, run) => total + run.errors, 0);
    }
    return { connections: CONNECTIONS, seconds, repeats, load: summary(load), results };
  } finally {
    await Promise.all(children.map(stop));
    rmSync(folder, { recursive: true, force: true });
  }
}
