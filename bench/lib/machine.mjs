// What the measuring machine says of itself: free ports, processes' CPU and memory, how busy it is.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill()));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** Starts a program that ends when we end; on one core if `core` is given. */
export function start(command, args, { core, env = {}, stdio = ['ignore', 'ignore', 'inherit'] } = {}) {
  const [file, argv] = core === undefined ? [command, args] : ['taskset', ['-c', String(core), command, ...args]];
  const child = spawn(file, argv, { stdio, env: { ...process.env, NODE_ENV: 'production', ...env } });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

export async function stop(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await gone;
}

/** Waits until `url` answers 2xx; says who didn't. */
export async function untilUp(url, child, seconds = 15) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    if (child && child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`);
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return response;
  }
  throw new Error(`${url} did not answer within ${seconds} s`);
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']));
const stat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');

/** A process and its children. */
function tree(pid) {
  const children = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).filter((entry) => {
    try { return stat(entry)[1] === String(pid); } catch { return false; }
  });
  return [pid, ...children];
}

const sum = (pid, read) => tree(pid).reduce((total, each) => {
  try { return total + read(each); } catch { return total; }
}, 0);

/** CPU seconds that a process has used, user and system. */
export const cpuSeconds = (pid) => sum(pid, (each) => (Number(stat(each)[11]) + Number(stat(each)[12])) / ticksPerSecond);

/** Resident memory of a process, bytes. */
export const residentBytes = (pid) =>
  sum(pid, (each) => Number(readFileSync(`/proc/${each}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024);

function cpuTimes() {
  const times = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1, 9).map(Number);
  return { total: times.reduce((a, b) => a + b, 0), idle: times[3] + times[4] };
}

/** The share of all cores that is busy, over `ms`. */
export async function busy(ms = 250) {
  const before = cpuTimes();
  await sleep(ms);
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / Math.max(1, after.total - before.total);
}

/** Waits a little for other work to stop, and says how busy the machine was at the end. */
export async function quiet(seconds = 2) {
  let share = await busy();
  for (const end = Date.now() + seconds * 1000; share > 0.25 && Date.now() < end;) share = await busy();
  return share;
}

/** Whoever is root measures ahead of other work; the programs that we start inherit it. */
export function hurry() {
  try { os.setPriority(-15); } catch { /* not root: measure on a quiet machine */ }
}

const firstLine = (command, args) => {
  try {
    return execFileSync('sh', ['-c', '"$@" 2>&1; true', 'sh', command, ...args]).toString().split('\n')[0].trim();
  } catch { return 'unknown'; }
};

export function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const folder of process.env.PATH.split(':')) {
    const found = names.map((name) => `${folder}/${name}`).find(existsSync);
    if (found) return found;
  }
  throw new Error('no Chromium on PATH; install it or set CHROMIUM (Debian: apt-get install chromium)');
}

export const describe = () => ({
  cpus: `${os.cpus().length} × ${os.cpus()[0].model}`,
  memory_gib: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.type()} ${os.release()}`,
  node: process.version,
  nginx: firstLine('nginx', ['-v']),
  wrk: firstLine('wrk', ['-v']).replace(/ Copyright.*/, ''),
});
