// All three parts, then the verdicts: tables on stdout, everything in out/bench.json. docs/bench.md says how to read them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { measure as measureBackend } from './backend/measure.mjs';
import { PROFILES } from './browser/flow.mjs';
import { sizes, times, withApps } from './browser/measure.mjs';
import { BACKEND, RATIO, SIZE, verdict } from './lib/budgets.mjs';
import { describe, hurry } from './lib/machine.mjs';
import { missing } from './lib/ours.mjs';
import { kibibytes, number, spread, table, verdicts } from './lib/report.mjs';

const US = 'admit-one';
const MIB = 2 ** 20;
const FIGURES = { cold: 'cold → button', callback: 'callback → signed in', click: 'click → signed in', warm: 'warm reload → e-mail' };

const { values: options } = parseArgs({ options: {
  quick: { type: 'boolean', default: false }, // fewer and shorter runs
  strict: { type: 'boolean', default: false }, // exit 1 when a budget is missed or could not be measured
  only: { type: 'string', default: 'sizes,browser,backend' },
  runs: { type: 'string' },
  cores: { type: 'string', default: '0' }, // our backend's
  out: { type: 'string' }, // the folder for what was measured
} });
const parts = options.only.split(',');
const runs = options.runs ? Number(options.runs) : options.quick ? 3 : 41;
const slowRuns = options.runs ? Number(options.runs) : options.quick ? 2 : 7;
const backend = options.quick ? { seconds: 4, repeats: 1 } : { seconds: 10, repeats: 3 };

function sizesReport(result) {
  const rows = Object.entries(result).map(([name, { files, total }]) => {
    const of = (pattern) => files.filter(({ type }) => pattern.test(type)).reduce((sum, { transferred = 0 }) => sum + transferred, 0);
    return [name, kibibytes(of(/html/)), kibibytes(of(/javascript/)), kibibytes(of(/wasm/)), kibibytes(of(/css/)),
      kibibytes(of(/^(?!.*(html|javascript|wasm|css)).*$/)), kibibytes(total)];
  });
  return table(['first screen, KiB transferred', 'HTML', 'JS', 'Wasm', 'CSS', 'other', 'all'], rows);
}

function browserReport(profile, { chromium, runs: n, load, failures, summaries }) {
  const floor = summaries.floor;
  const ratio = (of, figure) => (of[figure] && floor[figure] ? of[figure].median / floor[figure].median : null);
  const rows = Object.entries(summaries).map(([name, of]) => [name,
    ...Object.keys(FIGURES).map((figure) => `${spread(of[figure])} · ${number(ratio(of, figure), 2)}`),
    spread(of.painted), `${spread(of.hasty)} · ${number(ratio(of, 'hasty'), 2)}`, of.heap ? number(of.heap.median / 1024, 0) : '–']);
  const head = `**${profile}** — Chromium ${chromium}, ${n} interleaved runs, fresh contexts; `
    + `median (min–max) in ms · ratio to the floor; CPU busy before a run ${number(load.median * 100, 0)} % (median)`;
  return [head, '', table([profile, ...Object.values(FIGURES), 'button painted', 'press at first paint → signed in, from opening', 'JS heap KiB'], rows),
    ...failures.map((failure) => `- failed run: ${failure}`)].join('\n');
}

function backendReport({ connections, seconds, repeats, load, results }) {
  const rows = Object.entries(results).map(([name, of]) => [name, spread(of.per_second), number(of.p50.median, 2), number(of.p99.median, 2),
    number(of.microseconds.median), `${number(of.idle / MIB)} → ${number(of.resident.max / MIB)}`, of.errors]);
  const head = `**backend** — one core, ${connections} connections, ${seconds} s × ${repeats} interleaved, medians; CPU busy before a run ${number(load.median * 100, 0)} %`;
  return [head, '', table(['backend', 'exchanges/s', 'p50 ms', 'p99 ms', 'CPU µs each', 'RSS idle → peak MiB', 'errors'], rows)].join('\n');
}

function judge({ sizes: screens, browser, backend: exchanges }) {
  const lines = [];
  if (parts.includes('sizes')) {
    lines.push(verdict({ name: 'first screen, everything transferred', value: screens?.[US]?.total / 1024, unit: ' KiB', ...SIZE, digits: 1 }));
  }
  if (parts.includes('browser')) {
    for (const profile of Object.keys(PROFILES)) {
      const { summaries } = browser[profile];
      for (const [figure, name] of Object.entries(FIGURES)) {
        lines.push(verdict({ name: `${name}, ${profile}, times the floor`,
          value: summaries[US]?.[figure]?.median / summaries.floor[figure]?.median, ...RATIO }));
      }
    }
  }
  if (parts.includes('backend')) {
    const { [US]: us, 'fastify + openid-client': peer } = exchanges.results;
    lines.push(
      verdict({ name: 'exchanges/s, times openid-client on fastify', value: us?.per_second.median / peer.per_second.median, limit: BACKEND.times, atLeast: true, digits: 1 }),
      verdict({ name: 'CPU of an exchange', value: us?.microseconds.median, unit: ' µs', limit: BACKEND.microseconds, digits: 1 }),
      verdict({ name: 'memory under load', value: us?.resident.max / MIB, unit: ' MiB', limit: BACKEND.mebibytes, digits: 1 }),
      verdict({ name: 'p99', value: us?.p99.median, unit: ' ms', limit: BACKEND.p99 }),
      verdict({ name: 'exchanges that failed', value: us?.errors, limit: 0, digits: 0 }),
    );
  }
  return lines;
}

hurry();
const absent = missing();
if (absent) console.error(`bench: Admit One is left out: ${absent}; run \`make bench\``);
const result = { when: new Date().toISOString(), machine: describe(), options, browser: {} };
const report = [];
if (parts.includes('sizes') || parts.includes('browser')) {
  await withApps(!absent, async (apps, browser) => {
    if (parts.includes('sizes')) {
      result.sizes = await sizes(apps, browser);
      report.push(sizesReport(result.sizes));
    }
    if (!parts.includes('browser')) return;
    for (const profile of Object.keys(PROFILES)) {
      result.browser[profile] = await times(apps, browser, profile, profile === 'loopback' ? runs : slowRuns);
      report.push(browserReport(profile, result.browser[profile]));
    }
  });
}
if (parts.includes('backend')) {
  result.backend = await measureBackend({ withOurs: !absent, cores: options.cores, ...backend });
  report.push(backendReport(result.backend));
}
result.verdicts = judge(result);
report.push(verdicts(result.verdicts));

const out = options.out ? pathToFileURL(`${options.out}/`) : new URL('./out/', import.meta.url);
mkdirSync(out, { recursive: true });
writeFileSync(new URL('bench.json', out), JSON.stringify(result, null, 1));
writeFileSync(new URL('bench.md', out), `${report.join('\n\n')}\n`);
console.log(`${report.join('\n\n')}\n`);
console.error(`bench: everything is in ${new URL('bench.json', out).pathname}`);
const good = result.verdicts.every((line) => ['met', 'aim met'].includes(line.verdict));
process.exit(options.strict && !good ? 1 : 0);
