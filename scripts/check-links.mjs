// Every relative link in a tracked Markdown file leads to a file, and to a heading where it names one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const files = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).split('\n').filter(Boolean);

/** The anchors that a forge makes of the headings. */
const anchors = (markdown) => new Set([...markdown.matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => heading
  .toLowerCase().replace(/[^\p{L}\p{N}\- _]/gu, '').replaceAll(' ', '-')));

const broken = [];
for (const file of files) {
  const markdown = readFileSync(file, 'utf8').replace(/^```.*?^```/gms, '');
  for (const [, target] of markdown.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, anchor] = target.split('#');
    const linked = path ? normalize(join(dirname(file), path)) : file;
    if (!existsSync(linked)) broken.push(`${file}: ${target} leads nowhere`);
    else if (anchor && !anchors(readFileSync(linked, 'utf8')).has(anchor)) broken.push(`${file}: ${target} names no heading`);
  }
}
console.log(broken.join('\n') || `${files.length} documents`);
process.exitCode = broken.length ? 1 : 0;
