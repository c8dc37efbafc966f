// What the first screen transfers: every response from the page's own origin, headers and body, as it went over the wire.
import { sleep } from '../lib/machine.mjs';
import { open, PROFILES } from './flow.mjs';

export async function firstScreen(browser, url) {
  const { context, page, cdp } = await open(browser, PROFILES.loopback);
  const { origin } = new URL(url);
  const responses = new Map();
  cdp.on('Network.responseReceived', ({ requestId, response }) => {
    if (!response.url.startsWith(origin)) return;
    responses.set(requestId, { path: new URL(response.url).pathname, type: response.mimeType,
      encoding: response.headers['content-encoding'] ?? response.headers['Content-Encoding'] ?? 'none' });
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (responses.has(requestId)) responses.get(requestId).transferred = encodedDataLength;
  });
  await page.goto(url, { waitUntil: 'networkidle' });
  await sleep(300);
  const decoded = await page.evaluate(() => Object.fromEntries(
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .map((entry) => [new URL(entry.name).pathname, { body: entry.encodedBodySize, raw: entry.decodedBodySize }])));
  await context.close();
  const files = [...responses.values()].map((file) => ({ ...file, ...decoded[file.path] }));
  return { files, total: files.reduce((sum, file) => sum + (file.transferred ?? 0), 0) };
}
