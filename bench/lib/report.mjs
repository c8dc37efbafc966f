// The tables, in Markdown.

export function table(head, rows) {
  const align = head.map((_, column) => (column ? '---:' : '---'));
  return [head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export const number = (value, digits = 1) => (value == null || Number.isNaN(value) ? '–' : value.toFixed(digits));

/** Median, with the range in parentheses. */
export const spread = (s, digits = 0) =>
  (s ? `${number(s.median, digits)} (${number(s.min, digits)}–${number(s.max, digits)})` : '–');

export const kibibytes = (bytes) => number(bytes == null ? null : bytes / 1024, 1);

export function verdicts(lines) {
  const bound = (line, value) => (value === undefined ? '' : `${line.atLeast ? '≥' : '≤'} ${value}${line.unit}`);
  return table(['budget', 'measured', 'limit', 'aim', 'verdict'], lines.map((line) => [
    line.name, line.value === null || Number.isNaN(line.value) ? '–' : number(line.value, line.digits) + line.unit,
    bound(line, line.limit), bound(line, line.aim), line.verdict === 'missed' ? '**missed**' : line.verdict,
  ]));
}
