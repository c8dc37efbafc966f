// Writes docs/errors.md from the table in crates/protocol/src/code.rs; with --check it only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';

const SOURCE = 'crates/protocol/src/code.rs';
const TARGET = 'docs/errors.md';

const [, table] = /^codes! \{\n(.*?)^\}/ms.exec(readFileSync(SOURCE, 'utf8'));
const lines = [];
for (const line of table.split('\n')) {
  const heading = /^ {4}\/\/ (.*?)\.?$/.exec(line);
  if (heading) lines.push('', `## ${heading[1]}`, '', '| code | who acts | status | what to do |', '| --- | --- | --- | --- |');
  const row = /^ {4}\w+ "(\w+)" (\w+) (\d+) "(.*)";$/.exec(line);
  if (row) lines.push(`| <a id="${row[1]}"></a>\`${row[1]}\` | ${row[2].toLowerCase()} | ${row[3]} | ${row[4].replaceAll('\\"', '"').replaceAll('|', '\\|')} |`);
}

const page = `<!-- Written by scripts/error-codes.mjs from ${SOURCE}; change it there. -->
# Error codes

Every failure has one of these names: in the backend's answers (\`code\` of an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem document), in
\`data-code\` of an error page, and, where the backend saw it, in the log and in the metrics; what only the browser sees is in its console. A code keeps
its meaning; new ones may come.

*Who acts* is the person who can do something about it: the buyer at the browser, the operator who runs Admit One, the provider, whose
system broke a rule of its protocol, or the developer who called us.
${lines.join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(TARGET, page);
else if (readFileSync(TARGET, 'utf8') !== page) {
  console.log(`${TARGET} is out of date: node scripts/error-codes.mjs`);
  process.exitCode = 1;
}
