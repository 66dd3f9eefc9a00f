/** That a place in a generated text comes from a place in the original; all count from 0. */
export interface Segment {
  readonly line: number;
  readonly column: number;
  readonly originalLine: number;
  readonly originalColumn: number;
  readonly source: number;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The segments of a source map's `mappings` (ECMA-426: base-64 VLQ, each number relative to the one before), in the order of the generated text. */
export function decodeMappings(mappings: string): Segment[] {
  const segments: Segment[] = [];
  let [source, originalLine, originalColumn] = [0, 0, 0];
  for (const [line, encoded] of mappings.split(';').entries()) {
    let column = 0;
    for (const piece of encoded === '' ? [] : encoded.split(',')) {
      const [columns = 0, sources, lines = 0, originalColumns = 0] = decodeNumbers(piece);
      column += columns;
      // a segment of one number: generated text without an original
      if (sources === undefined) continue;
      source += sources;
      originalLine += lines;
      originalColumn += originalColumns;
      segments.push({ line, column, originalLine, originalColumn, source });
    }
  }
  return segments;
}

function decodeNumbers(piece: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const char of piece) {
    const digit = BASE64.indexOf(char);
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) === 0) {
      numbers.push(value & 1 ? -(value >> 1) : value >> 1);
      [value, shift] = [0, 0];
    }
  }
  return numbers;
}
