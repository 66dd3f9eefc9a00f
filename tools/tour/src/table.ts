import type { Paint } from './style.ts';

export interface Cell {
  readonly text: string;
  readonly format?: Parameters<Paint>[0];
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** Cells, or one text that takes the whole row behind the first. */
export type Row = readonly [first: Cell, ...rest: Cell[]] | { readonly first: Cell; readonly text: Cell };

/** How wide the columns are, from their titles and cells. */
function widths(columns: readonly Column[], rows: readonly Row[]): number[] {
  return columns.map(({ title }, index) =>
    Math.max(
      title.length,
      ...rows.map(
        (row) => ('first' in row ? (index === 0 ? row.first : undefined) : row[index])?.text.length ?? 0,
      ),
    ),
  );
}

/** How many columns of a terminal the table takes. */
export function tableWidth(columns: readonly Column[], rows: readonly Row[], gap: number): number {
  return widths(columns, rows).reduce((sum, width) => sum + width + gap, -gap);
}

/** The lines of a table without rules; texts that take a row are cut to `room`. */
export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  { paint, room, gap }: { paint: Paint; room: number; gap: number },
): string[] {
  const width = widths(columns, rows);
  const between = ' '.repeat(gap);
  const fit = (text: string, index: number): string =>
    columns[index]?.right ? text.padStart(width[index] ?? 0) : text.padEnd(width[index] ?? 0);
  const show = ({ text, format }: Cell, fitted: string): string =>
    format === undefined ? fitted : fitted.replace(text, () => paint(format, text));
  const head = columns.map(({ title }, index) => paint('dim', fit(title, index))).join(between);
  const body = rows.map((row) => {
    if (!('first' in row)) return row.map((cell, index) => show(cell, fit(cell.text, index))).join(between);
    const left = Math.max(20, room - (width[0] ?? 0) - gap);
    const text = row.text.text.length > left ? `${row.text.text.slice(0, left - 1)}…` : row.text.text;
    return `${show(row.first, fit(row.first.text, 0))}${between}${show({ ...row.text, text }, text)}`;
  });
  return [head, ...body];
}
