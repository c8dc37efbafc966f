// What happens when, on the slow phone or on loopback: requests, marks and long tasks, for each of the three pages of a sign-in.
//   node browser/waterfall.mjs [--profile loopback] [--app admit-one]
import { parseArgs } from 'node:util';
import { sleep } from '../lib/machine.mjs';
import { missing } from '../lib/ours.mjs';
import { open, PROFILES, SIGNED_IN } from './flow.mjs';
import { withApps } from './measure.mjs';

const { values: options } = parseArgs({ options: {
  profile: { type: 'string', default: 'slow phone' }, app: { type: 'string', default: 'admit-one' },
} });

/** Keeps what the page's own timeline can't be asked for afterwards. */
function keepLongTasks() {
  const tasks = (window.__tasks = []);
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration }))))
    .observe({ type: 'longtask', buffered: true });
}

const timeline = () => {
  const [navigation] = performance.getEntriesByType('navigation');
  const start = navigation.fetchStart;
  const span = (kind, name, from, to, note = '') => ({ kind, name, from: from - start, to: to - start, note });
  const fetched = (kind, entry) => span(kind, new URL(entry.name).pathname, entry.startTime < start ? start : entry.startTime, entry.responseEnd,
    // Another origin says neither.
    entry.responseStart ? `first byte ${Math.round(entry.responseStart - start)}, ${entry.transferSize ? `${entry.transferSize} B` : 'cached'}` : '');
  return [
    fetched('document', navigation),
    span('parsed', 'DOMContentLoaded', navigation.domInteractive, navigation.domContentLoadedEventEnd),
    ...performance.getEntriesByType('resource').map((entry) => fetched(entry.initiatorType, entry)),
    ...performance.getEntriesByType('paint').map(({ name, startTime }) => span('paint', name, startTime, startTime)),
    ...performance.getEntriesByType('mark').map(({ name, startTime }) => span('mark', name, startTime, startTime)),
    ...performance.getEntriesByType('measure').map(({ name, startTime, duration }) => span('measure', name, startTime, startTime + duration)),
    ...window.__tasks.map(({ startTime, duration }) => span('long task', '', startTime, startTime + duration)),
    ...Object.entries(window.__bench).map(([name, at]) => span('seen', name, at, at)),
  ].sort((a, b) => a.from - b.from);
};

async function print(page, title) {
  console.log(`\n${title}: ms after fetchStart`);
  for (const { kind, name, from, to, note } of await page.evaluate(timeline)) {
    const until = to > from ? `–${Math.round(to)}` : '';
    console.log(`${`${Math.round(from)}${until}`.padStart(12)}  ${kind.padEnd(10)} ${name} ${note}`);
  }
}

await withApps(!missing(), async (apps, browser) => {
  const app = apps.find(({ name }) => name === options.app);
  if (!app) throw new Error(missing() ?? `no app of that name; there are ${apps.map(({ name }) => name)}`);
  for (let round = 1; round <= 2; round++) { // the first is to warm up
    const { context, page, errors, until } = await open(browser, PROFILES[options.profile]);
    await context.addInitScript(keepLongTasks);
    await page.goto(app.shop);
    await until(['sign-in'], () => page.goto(app.url, { waitUntil: 'load' }));
    await sleep(1500);
    if (round === 2) await print(page, 'cold');
    await until(SIGNED_IN, () => page.evaluate(() => document.querySelector('[data-testid="sign-in"]').click()));
    await sleep(1500);
    if (round === 2) await print(page, 'callback');
    await until(['user-email'], () => page.goto(app.url, { waitUntil: 'load' }));
    await sleep(1000);
    if (round === 2) await print(page, 'warm');
    for (const error of errors) console.log('error:', error);
    await context.close();
  }
});
