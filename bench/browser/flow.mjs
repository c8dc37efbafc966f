// One buyer in one fresh browser context: cold page, sign-in, warm reload. All times are the page's own.
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
  if (profile.network) await cdp.send('Network.emulateNetworkConditions', profile.network);
  if (profile.cpu > 1) await cdp.send('Emulation.setCPUThrottlingRate', { rate: profile.cpu });
  return { context, page, cdp, errors };
}

const until = (page, condition) => page.waitForFunction(condition, null, { timeout: 45_000, polling: 40 });

const signedIn = (page) => until(page, () => performance.getEntriesByName('signed-in').length && window.__bench?.['user-email:painted']);

const callbackTimes = (page) => page.evaluate(() => {
  const mark = performance.getEntriesByName('signed-in')[0].startTime;
  // One navigation runs from the page through the provider to the callback: fetchStart is where the callback page begins.
  const { fetchStart } = performance.getEntriesByType('navigation')[0];
  const { __pressed: pressed, __opened: opened } = sessionStorage;
  return { at: performance.timeOrigin + mark, callback: mark - fetchStart, pressed: Number(pressed), opened: Number(opened) };
});

/** Cold, callback, click and warm, in milliseconds, and the JavaScript heap when signed in. */
export async function flow({ page, cdp }, url) {
  await page.goto(url, { waitUntil: 'commit' });
  await until(page, () => window.__bench?.['sign-in:painted']);
  await page.waitForLoadState('load');
  const cold = await page.evaluate(() => ({ cold: window.__bench['sign-in'], painted: window.__bench['sign-in:painted'] }));
  await sleep(150);
  const clicked = await page.evaluate(() => {
    const now = performance.timeOrigin + performance.now();
    document.querySelector('[data-testid="sign-in"]').click();
    return now;
  });
  await signedIn(page);
  const { at, callback } = await callbackTimes(page);
  await sleep(300);
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize').value;
  await page.goto(url, { waitUntil: 'commit' });
  await until(page, () => window.__bench?.['user-email:painted']);
  const warm = await page.evaluate(() => window.__bench['user-email']);
  return { ...cold, callback, click: at - clicked, warm, heap };
}

/** A buyer who presses in the frame after the button is painted, whether the app is there or not. */
export async function hasty({ page }, url) {
  await page.goto(url, { waitUntil: 'commit' });
  await signedIn(page);
  const { at, opened } = await callbackTimes(page);
  return { hasty: at - opened };
}
