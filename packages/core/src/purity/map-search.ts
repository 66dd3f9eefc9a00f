import type { Segment } from './source-map.ts';

/** The source map of a file, with the texts that it leads to. */
export interface FileMap {
  readonly segments: readonly Segment[];
  /** For each source its path and its lines, which are empty if they can't be had. */
  readonly sources: readonly { readonly path: string; readonly lines: readonly string[] }[];
  /** Of the generated lines, where the runtime tells. */
  readonly lineLengths: readonly number[];
}

/** A place in a text; both count from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Words of the text tried as anchors; each may stand in many places of the file, so a few must do. */
const MAX_ANCHORS = 6;
/** Texts with fewer different words fit in too many places: `value => value` is also the beginning of others. */
const LEAST_WORDS = 3;
/** At least this share of the words of a text must be related by the map and be the same; maps have no segment for every word. */
const COVERAGE = 0.4;
/** Words that a compiler puts in, mapped to places around them: names of its own, and what lowering `using` or a class field takes. */
const INSERTED =
  /^(_\w*|async|await|catch|const|finally|function|let|return|static|this|throw|true|try|var|void)$/;

/**
 * Finds a function in a generated file that nobody kept, by its map alone: where the words of its text and those of the original,
 * at the places that the map relates, are the same.
 */
export function searchByMap(map: FileMap, text: string): Position | undefined {
  const starts = new Map<string, Position>();
  const anchors = anchorsOf(text);
  if (anchors.length < LEAST_WORDS) return undefined;
  for (const anchor of anchors) {
    for (const segment of map.segments) {
      if (wordAt(originalLine(map, segment), segment.originalColumn) !== anchor.name) continue;
      const start = startByAnchor(map, segment, anchor, endOfRow(text, 0));
      if (start !== undefined && start.column >= 0) starts.set(`${start.line}:${start.column}`, start);
    }
  }
  let best: { start: Position; agreeing: number } | undefined;
  let tied = false;
  for (const start of starts.values()) {
    const agreeing = agreement(map, text, start);
    if (agreeing === 0 || agreeing < (best?.agreeing ?? 0)) continue;
    tied = agreeing === best?.agreeing;
    best = { start, agreeing };
  }
  return tied ? undefined : best?.start;
}

/** How many words of the text are those of the original, if it starts there; 0 if one is another, or too few are known. */
function agreement(map: FileMap, text: string, start: Position): number {
  let same = 0;
  for (const { offset, segment } of segmentsInside(map.segments, text, start)) {
    const word = wordAt(text, offset);
    // what a compiler puts in is mapped to a bracket around it, mostly
    if (word === '' || wordAt(originalLine(map, segment), segment.originalColumn) === '') continue;
    if (isSameWord(map, text, offset, segment)) same++;
    else if (!INSERTED.test(word)) return 0;
  }
  return same >= COVERAGE * (text.match(WORDS)?.length ?? 0) ? same : 0;
}

/** Whether the word at this offset of the text is the one at the place that the map relates to it. */
export function isSameWord(map: FileMap, text: string, offset: number, segment: Segment): boolean {
  const [word, original] = [wordAt(text, offset), wordAt(originalLine(map, segment), segment.originalColumn)];
  if (word === '' || original === '') return false;
  // compilers write numbers in their own way, and esbuild numbers a name that a variable of the module has as well: channel2
  return (
    word === original ||
    Number(word) === Number(original.replaceAll('_', '')) ||
    (word.startsWith(original) && /^[2-9]\d*$/.test(word.slice(original.length)))
  );
}

interface Anchor {
  readonly name: string;
  readonly row: number;
  readonly column: number;
}

/** Where the text starts if its anchor is at the segment. */
function startByAnchor(
  map: FileMap,
  segment: Segment,
  anchor: Anchor,
  firstRowLength: number,
): Position | undefined {
  if (anchor.row === 0) return { line: segment.line, column: segment.column - anchor.column };
  // the first row of several ends with its line, which tells where it starts
  const line = segment.line - anchor.row;
  const length = map.lineLengths[line];
  return length === undefined || segment.column !== anchor.column
    ? undefined
    : { line, column: length - firstRowLength };
}

function anchorsOf(text: string): Anchor[] {
  const anchors = new Map<string, Anchor>();
  for (const match of text.matchAll(WORDS)) {
    if (anchors.size === MAX_ANCHORS) break;
    if (anchors.has(match[0])) continue;
    const before = text.slice(0, match.index).split('\n');
    anchors.set(match[0], { name: match[0], row: before.length - 1, column: before.at(-1)?.length ?? 0 });
  }
  return [...anchors.values()];
}

const WORDS = /[\p{ID_Continue}$]+/gu;
/** A name, a keyword, a number, or the first word in a string, whatever its quotes. */
const WORD = /["'`]?([\p{ID_Continue}$]+)/uy;

function wordAt(text: string, offset: number): string {
  WORD.lastIndex = offset;
  return WORD.exec(text)?.[1] ?? '';
}

function originalLine(map: FileMap, segment: Segment): string {
  return map.sources[segment.source]?.lines[segment.originalLine] ?? '';
}

/** The segments in the range of a text that starts at this position of the generated file, with their offsets in the text. */
export function segmentsInside(
  segments: readonly Segment[],
  text: string,
  start: Position,
): { offset: number; segment: Segment }[] {
  const inside: { offset: number; segment: Segment }[] = [];
  let [row, rowStart, rowEnd] = [0, 0, endOfRow(text, 0)];
  for (let at = firstAtOrAfter(segments, start); at < segments.length; at++) {
    const segment = segments[at] as Segment;
    for (; row < segment.line - start.line; row++) {
      if (rowEnd === text.length) return inside;
      rowStart = rowEnd + 1;
      rowEnd = endOfRow(text, rowStart);
    }
    const offset = rowStart + segment.column - (row === 0 ? start.column : 0);
    if (offset < rowEnd) inside.push({ offset, segment });
    else if (rowEnd === text.length) return inside;
  }
  return inside;
}

function endOfRow(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Index of the first segment that is not before the position; the segments are in order. */
export function firstAtOrAfter(segments: readonly Segment[], position: Position): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { line, column } = segments[middle] as Segment;
    if (line < position.line || (line === position.line && column < position.column)) low = middle + 1;
    else high = middle;
  }
  return low;
}
