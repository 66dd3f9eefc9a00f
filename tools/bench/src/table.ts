import { styleText } from 'node:util';
import type { Aim, Row, Unit } from './row.ts';

const HEADER = ['what', 'result', 'against', 'its result', 'ratio', 'aim', 'met'] as const;

/** Columns of numbers. */
const RIGHT: ReadonlySet<number> = new Set([1, 3, 4]);

/** The rows as a table: colours and signs on a terminal, plain text elsewhere. */
export function table(title: string, rows: readonly Row[], terminal: boolean): string {
  const lines = rows.flatMap((row) => linesOf(row, terminal));
  const widths = HEADER.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const draw = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (RIGHT.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  const bold = (text: string): string => (terminal ? styleText('bold', text) : text);
  const paint = (text: string): string => {
    if (!terminal) return text;
    return text.replace(/✓$/, styleText('green', '✓')).replace(/✗$/, styleText('red', '✗'));
  };
  return [
    bold(title),
    draw(HEADER),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...lines.map((line) => paint(draw(line))),
  ].join('\n');
}

function linesOf(row: Row, terminal: boolean): string[][] {
  const sign = (met: boolean | undefined): string => {
    if (met === undefined) return '';
    if (terminal) return met ? '✓' : '✗';
    return met ? 'met' : 'NOT MET';
  };
  const lines = row.comparisons.map(({ name, value, ratio, aim, met }) => [
    name,
    value === undefined ? 'missing' : format(value, row.unit),
    ratio === undefined ? '' : `${shown(ratio)} ×`,
    aim ? `${bound(aim)} ×` : '',
    sign(met),
  ]);
  if (row.aim) lines.unshift(['', '', '', bound(row.aim, row.unit), sign(row.met)]);
  if (lines.length === 0) lines.push(['', '', '', '', '']);
  return lines.map((line, i) =>
    i === 0 ? [row.what, format(row.value, row.unit), ...line] : ['', '', ...line],
  );
}

function bound(aim: Aim, unit?: Unit): string {
  const [relation, value] = 'most' in aim ? ['≤', aim.most] : ['≥', aim.least];
  return `${relation} ${unit ? format(value, unit) : String(value)}`;
}

/** A value with three digits that count, and a prefix that makes it readable. */
function format(value: number, unit: Unit): string {
  const size = Math.abs(value);
  switch (unit) {
    case 'ms':
      if (size >= 1000) return `${shown(value / 1000)} s`;
      return size >= 1 ? `${shown(value)} ms` : `${shown(value * 1000)} µs`;
    case 'per second':
      if (size >= 1e6) return `${shown(value / 1e6)} M/s`;
      return size >= 1000 ? `${shown(value / 1000)} k/s` : `${shown(value)} /s`;
    case 'bytes per second':
      return size >= 1e9 ? `${shown(value / 1e9)} GB/s` : `${shown(value / 1e6)} MB/s`;
    case 'bytes':
      return size >= 1024 * 1024 ? `${shown(value / 1024 / 1024)} MiB` : `${shown(value / 1000)} KB`;
    default:
      return unit satisfies never;
  }
}

function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
