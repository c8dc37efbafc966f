// The last steps of a build, which Trunk doesn't do. It calls this with the folder in TRUNK_STAGING_DIR.
//   node scripts/finish-app.mjs [folder]
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? process.env.TRUNK_STAGING_DIR ?? 'dist';
const at = (name) => join(folder, name);
const text = (name) => readFileSync(at(name), 'utf8');

/** Comments and indentation are no use to a browser. Of JavaScript only lines that are nothing but comment. */
const lean = (source) => source
  .replace(/^[ \t]*\/\*[^]*?\*\/[ \t]*\n/gm, '')
  .replace(/^[ \t]*\/\/.*\n/gm, '')
  .replace(/^[ \t]+|[ \t]+$/gm, '')
  .replace(/\n{2,}/g, '\n');

const icon = () => `data:image/svg+xml,${text('icon.svg').trim().replaceAll('"', "'").replaceAll('#', '%23')}`;

/** A section of a WebAssembly module: where its content begins and ends, and where its head begins. */
function section(module, wanted) {
  for (let offset = 8; offset < module.length;) {
    const id = module[offset];
    const [size, begin] = number(module, offset + 1);
    if (id === wanted) return [begin, begin + size, offset];
    offset = begin + size;
  }
  return null;
}

/** An unsigned LEB128 number, and where the next thing begins. */
function number(module, offset) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = module[offset++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, offset];
  }
}

/**
 * wasm-opt 108, which is Debian 12's, exports table 0 where wasm-bindgen exports the table of its externrefs; the page then
 * doesn't start. Newer ones are right, and nothing is changed.
 */
function exportRightTable(module) {
  const name = Buffer.from('__wbindgen_externrefs');
  const tables = section(module, 4);
  const exports = section(module, 7);
  if (!tables || !exports) return;
  let [count, offset] = number(module, tables[0]);
  let externrefs = -1;
  for (let table = 0; table < count; table++) {
    if (module[offset] === 0x6f) externrefs = table;
    const [flags, limits] = number(module, offset + 1);
    [, offset] = number(module, limits);
    if (flags & 1) [, offset] = number(module, offset);
  }
  const found = module.subarray(exports[0], exports[1]).indexOf(name);
  if (externrefs < 0 || found < 0) return;
  const entry = exports[0] + found + name.length; // its kind (1 is a table), then its index
  if (module[entry] === 1) module[entry + 1] = externrefs;
}

/** An unsigned LEB128 number, as bytes. */
function leb128(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value);
  return Buffer.from(bytes);
}

/**
 * The imports under short names, in the module and in its script: wasm-bindgen's have a hash each, which doesn't compress, and
 * the name of the script before each.
 */
function shortenImports(module, script) {
  const [begin, end, head] = section(module, 2);
  let [count, offset] = number(module, begin);
  const content = [leb128(count)];
  const text = (at) => {
    const [length, from] = number(module, at);
    return [module.toString('utf8', from, from + length), from + length];
  };
  const short = (name) => {
    const bytes = Buffer.from(name);
    content.push(leb128(bytes.length), bytes);
  };
  for (let index = 0; index < count; index++) {
    const [from, afterFrom] = text(offset);
    const [name, afterName] = text(afterFrom);
    if (module[afterName] !== 0) throw new Error(`the import ${name} isn't a function`);
    [, offset] = number(module, afterName + 1);
    const shorter = `i${index.toString(36)}`;
    const parts = script.split(`\n${name}: function`);
    if (parts.length !== 2) throw new Error(`the import ${name} isn't there once`);
    script = parts.join(`\n${shorter}: function`).replace(`"${from}": import0`, 'w: import0');
    short('w');
    short(shorter);
    content.push(module.subarray(afterName, offset));
  }
  if (offset !== end) throw new Error('the imports end somewhere else');
  const imports = Buffer.concat(content);
  return [Buffer.concat([module.subarray(0, head), Buffer.from([2]), leb128(imports.length), imports, module.subarray(end)]), script];
}

for (const name of readdirSync(folder)) {
  if (name.endsWith('.wasm')) {
    const module = readFileSync(at(name));
    exportRightTable(module);
    const js = name.replace(/_bg\.wasm$/, '.js');
    const [shorter, script] = shortenImports(module, lean(text(js)));
    writeFileSync(at(name), shorter);
    writeFileSync(at(js), script);
  } else if (name.endsWith('.js') || name === 'index.html') {
    // One style element has one hash in the policy, and an icon in the page is a request less for each page.
    writeFileSync(at(name), lean(text(name)).replace(/<\/style>\s*<style>/g, '\n').replace('href="/icon.svg"', `href="${icon()}"`));
  }
}

// Names with a hash of what is there now may be cached for ever. Trunk has made its own before all that, and has none for the
// sign-in module, which it takes for a worker.
for (const plain of ['admit-one-app', 'admit-one-sign-in']) {
  const before = readdirSync(folder).find((name) => name.startsWith(plain) && name.endsWith('.js')).slice(0, -3);
  const module = readFileSync(at(`${before}_bg.wasm`));
  const script = text(`${before}.js`);
  const after = `${plain}-${createHash('sha256').update(module).update(script).digest('hex').slice(0, 16)}`;
  rmSync(at(`${before}.js`));
  rmSync(at(`${before}_bg.wasm`));
  writeFileSync(at(`${after}_bg.wasm`), module);
  writeFileSync(at(`${after}.js`), script.replaceAll(`${before}_bg.wasm`, `${after}_bg.wasm`));
  writeFileSync(at('index.html'), text('index.html').replace(`/${before}.js`, `/${after}.js`));
}
