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

/** A section of a WebAssembly module: where its content begins and ends. */
function section(module, wanted) {
  for (let offset = 8; offset < module.length;) {
    const id = module[offset];
    const [size, begin] = number(module, offset + 1);
    if (id === wanted) return [begin, begin + size];
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

for (const name of readdirSync(folder)) {
  if (name.endsWith('.wasm')) {
    const module = readFileSync(at(name));
    exportRightTable(module);
    writeFileSync(at(name), module);
  } else if (name.endsWith('.js') || name === 'index.html') {
    // One style element has one hash in the policy, and an icon in the page is a request less for each page.
    writeFileSync(at(name), lean(text(name)).replace(/<\/style>\s*<style>/g, '\n').replace('href="/icon.svg"', `href="${icon()}"`));
  }
}

// Trunk takes the sign-in module for a worker and names it by its binary alone; names with a hash may be cached for ever.
const plain = 'admit-one-sign-in';
const module = readFileSync(at(`${plain}_bg.wasm`));
const hash = createHash('sha256').update(module).update(text(`${plain}.js`)).digest('hex').slice(0, 16);
writeFileSync(at(`${plain}-${hash}_bg.wasm`), module);
writeFileSync(at(`${plain}-${hash}.js`), text(`${plain}.js`).replaceAll(`${plain}_bg.wasm`, `${plain}-${hash}_bg.wasm`));
writeFileSync(at('index.html'), text('index.html').replace(`/${plain}.js`, `/${plain}-${hash}.js`));
rmSync(at(`${plain}.js`));
rmSync(at(`${plain}_bg.wasm`));
