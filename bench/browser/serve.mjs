// Bundles the pages in pages/ for production and serves each on its port: brotli, immutable assets, one page for all paths.
//   node serve.mjs ISSUER NAME=PORT…
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { brotliCompressSync } from 'node:zlib';

const pages = new URL('./pages/', import.meta.url).pathname;
const [issuer, ...wanted] = process.argv.slice(2);
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 8);

async function bundle(name) {
  const entry = ['jsx', 'js'].map((ending) => `${pages}${name}.${ending}`).find(existsSync);
  const { outputFiles } = await build({
    entryPoints: [entry], bundle: true, minify: true, write: false, format: 'esm', target: 'es2022',
    jsx: 'automatic', legalComments: 'none', mainFields: ['browser', 'module', 'main'],
    define: { 'process.env.NODE_ENV': '"production"', ISSUER: JSON.stringify(issuer) },
  });
  const js = Buffer.from(outputFiles[0].contents);
  const css = readFileSync(`${pages}style.css`);
  const [script, style] = [`/app-${hash(js)}.js`, `/app-${hash(css)}.css`];
  const html = Buffer.from(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title>`
    + '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
    + `<link rel="stylesheet" href="${style}"><script type="module" src="${script}"></script></head>`
    + '<body><div id="root"></div></body></html>');
  return { [script]: [js, 'text/javascript'], [style]: [css, 'text/css'], page: [html, 'text/html; charset=utf-8'] };
}

for (const pair of wanted) {
  const [name, port] = pair.split('=');
  const files = new Map(Object.entries(await bundle(name)).map(([path, [bytes, type]]) => [path, {
    body: brotliCompressSync(bytes),
    headers: { 'content-type': type, 'content-encoding': 'br', vary: 'accept-encoding',
      'cache-control': path === 'page' ? 'no-cache' : 'public, max-age=31536000, immutable' },
  }]));
  createServer((request, response) => {
    const { body, headers } = files.get(request.url) ?? files.get('page');
    response.writeHead(200, { ...headers, 'content-length': body.length });
    response.end(body);
  }).listen(Number(port), '127.0.0.1');
}
