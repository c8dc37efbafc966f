// The widget's loader can be imported where there is no browser, as a partner's server does that renders its pages.
import { readFileSync } from 'node:fs';
import assert from 'node:assert';

const source = readFileSync(process.argv[2] ?? 'public/admit-one.js', 'utf8');
// As a module, whatever Node.js takes a file of this name for.
const loader = await import(`data:text/javascript,${encodeURIComponent(source)}`);
assert.deepEqual(Object.keys(loader), ['AdmitOne']);
assert.equal(typeof loader.AdmitOne, 'function');
assert.equal(globalThis.customElements, undefined);

// What it may not need of a partner's policy.
for (const needed of [/\bfetch\b/, /XMLHttpRequest/, /\beval\b/, /innerHTML/, /<style/, /\.style\b/, /setAttribute\('style'/, /srcdoc/]) {
  assert.doesNotMatch(source, needed);
}
console.log('the loader can be imported without a browser');
