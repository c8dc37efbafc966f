// Every locale file has the same sentences with the same placeholders, and a sentence for every error code.
import { readFileSync, readdirSync } from 'node:fs';

/** Sentences by dotted key; of YAML only what the locale files use: nested maps of one-line strings. */
function sentences(yaml) {
  const found = new Map();
  const path = [];
  for (const line of yaml.split('\n')) {
    const entry = /^( *)["']?([\w.-]+)["']?:(?: +(.*))?$/.exec(line);
    if (!entry) continue;
    const [, indent, key, value] = entry;
    while (path.length && path.at(-1).depth >= indent.length) path.pop();
    path.push({ depth: indent.length, key });
    if (value?.trim()) found.set(path.map((step) => step.key).join('.'), value);
  }
  found.delete('_version');
  return found;
}

const placeholders = (sentence) => [...sentence.matchAll(/%?\{ *(\w+) *\}/g)].map(([, name]) => name).sort().join(' ');
const codes = [...readFileSync('crates/protocol/src/code.rs', 'utf8').matchAll(/^ {4}\w+ "(\w+)" \w+ \d+ "/gm)].map(([, code]) => code);
const locales = new Map(readdirSync('locales').filter((file) => /\.ya?ml$/.test(file))
  .map((file) => [file, sentences(readFileSync(`locales/${file}`, 'utf8'))]));

const problems = [];
if (locales.size < 3) problems.push(`locales/ holds ${locales.size} languages, three are promised`);
const keys = new Set([...locales.values()].flatMap((locale) => [...locale.keys()]));
for (const code of codes) keys.add(`error.${code}`);
for (const key of keys) {
  const forms = new Map();
  for (const [file, locale] of locales) {
    const sentence = locale.get(key) ?? [...locale].find(([other]) => other.startsWith(`${key}.`))?.[1];
    if (sentence === undefined) problems.push(`${file}: no ${key}`);
    else if (locale.has(key)) forms.set(placeholders(sentence), file);
  }
  if (forms.size > 1) problems.push(`${key}: placeholders differ (${[...forms].map(([names, file]) => `${file}: ${names || 'none'}`).join(', ')})`);
}

// What the app, the pages as they are served and the backend say is there. A key that ends with a dot is put together.
const sources = readdirSync('src', { recursive: true }).map((file) => `src/${file}`)
  .concat(readdirSync('crates/backend/src', { recursive: true }).map((file) => `crates/backend/src/${file}`), 'index.html')
  .filter((file) => /\.(rs|js|html)$/.test(file));
const groups = [...new Set([...keys].map((key) => key.split('.')[0]))].join('|');
const said = new RegExp(`(?:["']|%)((?:${groups})\\.[a-z0-9_.]*)(?:["']|%)`, 'g');
for (const file of sources) {
  for (const [, key] of readFileSync(file, 'utf8').matchAll(said)) {
    if (![...keys].some((known) => known === key || (key.endsWith('.') ? known.startsWith(key) : known.startsWith(`${key}.`)))) {
      problems.push(`${file}: ${key} is said, and no language has it`);
    }
  }
}
// The widget's loader comes alone, with its words in it.
const loader = readFileSync('public/admit-one.js', 'utf8');
for (const [file, locale] of locales) {
  const text = (key) => locale.get(key)?.replace(/^"|"$/g, '');
  const words = `${file.split('.')[0]}: ['${text('landing.log_in')}', '${text('account.sign_out')}']`;
  if (!loader.includes(words)) problems.push(`public/admit-one.js: no ${words} in WORDS`);
}
console.log(problems.join('\n') || `${locales.size} languages, ${keys.size} sentences, ${codes.length} error codes`);
process.exitCode = problems.length ? 1 : 0;
