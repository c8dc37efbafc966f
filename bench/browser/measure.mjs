// Floor, peers and Admit One in one run: interleaved, in random order, each in a fresh context.
import { chromium as playwright } from 'playwright-core';
import { chromium, freePort, quiet, start, stop, untilUp } from '../lib/machine.mjs';
import * as ours from '../lib/ours.mjs';
import { shuffled, summary } from '../lib/stats.mjs';
import { flow, hasty, open, PROFILES } from './flow.mjs';
import { firstScreen } from './sizes.mjs';

const PEERS = ['floor', 'oauth4webapi', 'oidc-client-ts'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const here = new URL('.', import.meta.url).pathname;

/** Starts the provider and every app, calls `measure(apps, browser)`, and stops them all. */
export async function withApps(withOurs, measure) {
  const issuerPort = await freePort();
  const issuer = `http://127.0.0.1:${issuerPort}`;
  const peers = [];
  for (const name of PEERS) peers.push({ name, port: await freePort() });
  const us = withOurs ? await ours.reserve() : null;
  const redirects = peers.map(({ port }) => `http://localhost:${port}/callback`).concat(us ? [us.redirectUri] : []);

  const children = [start(process.execPath, [`${here}op.mjs`, issuerPort, ...redirects], { stdio: 'ignore' })];
  try {
    await untilUp(`${issuer}/.well-known/openid-configuration`, children[0]);
    children.push(start(process.execPath, [`${here}serve.mjs`, issuer, ...peers.map(({ name, port }) => `${name}=${port}`)]));
    const shop = `${issuer}/shop`;
    const apps = peers.map(({ name, port }) => ({ name, shop, url: `http://localhost:${port}/` }));
    for (const { url } of apps) await untilUp(url, children[1]);
    if (us) {
      children.push(await ours.serve({ port: us.port, issuer }));
      apps.push({ name: 'admit-one', shop, url: us.url });
    }
    const browser = await playwright.launch({ executablePath: chromium(), headless: true, args: FLAGS });
    try { return await measure(apps, browser); } finally { await browser.close(); }
  } finally {
    await Promise.all(children.map(stop));
  }
}

export async function sizes(apps, browser) {
  const result = {};
  for (const { name, url } of apps) result[name] = await firstScreen(browser, url);
  return result;
}

async function once(browser, app, profile, walk, options) {
  const opened = await open(browser, profile, options);
  try {
    return await walk(opened, app);
  } catch (error) {
    const reasons = [error.message.split('\n')[0], ...opened.errors].join('; ');
    return { failed: `${app.name}: ${reasons} (at ${opened.page.url().split('?')[0]})` };
  } finally {
    await opened.context.close();
  }
}

export async function times(apps, browser, profileName, runs) {
  const profile = PROFILES[profileName];
  const samples = Object.fromEntries(apps.map(({ name }) => [name, []]));
  const failures = [];
  const load = [];
  for (const app of apps) await once(browser, app, profile, flow); // to warm up, not counted
  for (let run = 1; run <= runs; run++) {
    for (const app of shuffled(apps)) {
      load.push(await quiet());
      const sample = { ...await once(browser, app, profile, flow), ...await once(browser, app, profile, hasty, { press: true }) };
      if (sample.failed) failures.push(sample.failed);
      samples[app.name].push(sample);
    }
    process.stderr.write(`\rbench: ${profileName}, run ${run} of ${runs} `);
  }
  process.stderr.write('\n');
  const figures = ['cold', 'painted', 'callback', 'click', 'warm', 'hasty', 'heap'];
  const summaries = Object.fromEntries(Object.entries(samples).map(([name, all]) =>
    [name, Object.fromEntries(figures.map((figure) => [figure, summary(all.map((sample) => sample[figure]))]))]));
  return { chromium: browser.version(), runs, load: summary(load), failures, summaries, samples };
}
