/**
 * The text without the white space that all its lines begin with, so that source text may be indented with the program that it stands in. Lines of
 * white space only do not count. What Python's own `textwrap.dedent` does.
 */
export function dedent(text: string): string {
  const lines = text.split('\n');
  let common: string | undefined;
  for (const line of lines) {
    const indent = /^[ \t]*/.exec(line)?.[0] ?? '';
    if (/^\s*$/.test(line)) continue;
    common = common === undefined ? indent : commonStart(common, indent);
  }
  const size = common?.length ?? 0;
  return lines.map((line) => (/^\s*$/.test(line) ? '' : line.slice(size))).join('\n');
}

function commonStart(a: string, b: string): string {
  let size = 0;
  while (size < a.length && a[size] === b[size]) size++;
  return a.slice(0, size);
}
