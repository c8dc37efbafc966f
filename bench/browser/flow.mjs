// One buyer in one fresh browser context, who comes from a shop's page: cold page, sign-in, warm reload. All times are the
// page's own.
import { EventEmitter, once } from 'node:events';
import { sleep } from '../lib/machine.mjs';

export const PROFILES = {
  loopback: { cpu: 1, network: null },
  // Lighthouse's mobile values.
  'slow phone': { cpu: 4, network: { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 } },
};

/** Notes when the button and the e-mail are there, and the first frame after. With `press` it presses at once. */
function observe({ press }) {
  if (window.top !== window) return;
  const seen = (window.__bench = {});
  const ready = { 'sign-in': (element) => !element.disabled, 'user-email': (element) => element.textContent.includes('@') };
  const look = () => {
    for (const [id, isReady] of Object.entries(ready)) {
      const element = !(id in seen) && document.querySelector(`[data-testid="${id}"]`);
      if (!element || !isReady(element)) continue;
      const { width, height } = element.getBoundingClientRect();
      if (!width || !height) continue;
      seen[id] = performance.now();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          seen[`${id}:painted`] = performance.now();
          window.__benchSeen(id);
          if (press && id === 'sign-in') {
            sessionStorage.__pressed = performance.timeOrigin + performance.now();
            sessionStorage.__opened = performance.timeOrigin;
            document.querySelector('[data-testid="sign-in"]').click();
          }
        };
        port2.postMessage(0);
      });
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  new PerformanceObserver((list) => list.getEntriesByName('signed-in').length && window.__benchSeen('signed-in'))
    .observe({ type: 'mark' });
}

export async function open(browser, profile, { press = false } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript(observe, { press });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  await cdp.send('Network.enable');
  // The page says itself what it has come to: to be asked would cost its main thread a script in the middle of the run.
  const said = new Set();
  const told = new EventEmitter();
  cdp.on('Runtime.bindingCalled', ({ payload }) => told.emit('told', said.add(payload)));
  await cdp.send('Runtime.enable');
  await cdp.send('Runtime.addBinding', { name: '__benchSeen' });
  if (profile.network) await cdp.send('Network.emulateNetworkConditions', profile.network);
  if (profile.cpu > 1) await cdp.send('Emulation.setCPUThrottlingRate', { rate: profile.cpu });
  /** Does something, and waits until the page has said all of these. */
  const until = async (ids, act) => {
    said.clear();
    const acted = await act();
    const signal = AbortSignal.timeout(45_000);
    while (!ids.every((id) => said.has(id))) await once(told, 'told', { signal });
    return acted;
  };
  return { context, page, cdp, errors, until };
}

/** What the page says when it shows who is signed in. */
export const SIGNED_IN = ['signed-in', 'user-email'];

const callbackTimes = (page) => page.evaluate(() => {
  const mark = performance.getEntriesByName('signed-in')[0].startTime;
  // One navigation runs from the page through the provider to the callback: fetchStart is where the callback page begins.
  const { fetchStart } = performance.getEntriesByType('navigation')[0];
  const { __pressed: pressed, __opened: opened } = sessionStorage;
  return { at: performance.timeOrigin + mark, callback: mark - fetchStart, pressed: Number(pressed), opened: Number(opened) };
});

/** Cold, callback, click and warm, in milliseconds, and the JavaScript heap when signed in. */
export async function flow({ page, cdp, until }, { url, shop }) {
  await page.goto(shop);
  const arrive = () => page.goto(url, { waitUntil: 'commit' });
  await until(['sign-in'], arrive);
  await page.waitForLoadState('load');
  const cold = await page.evaluate(() => ({ cold: window.__bench['sign-in'], painted: window.__bench['sign-in:painted'] }));
  await sleep(150);
  const clicked = await until(SIGNED_IN, () => page.evaluate(() => {
    const now = performance.timeOrigin + performance.now();
    document.querySelector('[data-testid="sign-in"]').click();
    return now;
  }));
  const { at, callback } = await callbackTimes(page);
  await sleep(300);
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  await until(['user-email'], arrive);
  const warm = await page.evaluate(() => window.__bench['user-email']);
  return { ...cold, callback, click: at - clicked, warm, heap };
}

/** A buyer who presses in the frame after the button is painted, whether the app is there or not. */
export async function hasty({ page, until }, { url, shop }) {
  await page.goto(shop);
  await until(SIGNED_IN, () => page.goto(url, { waitUntil: 'commit' }));
  const { at, opened } = await callbackTimes(page);
  return { hasty: at - opened };
}
