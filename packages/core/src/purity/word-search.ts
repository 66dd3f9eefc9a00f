import type { LineMark } from './layout.ts';

/** Where a function starts in a file, by the words of both. */
export interface WordMatch {
  readonly line: number;
  readonly column: number;
  readonly marks: readonly LineMark[];
}

/** Fewer words fit in too many places. */
const LEAST_WORDS = 3;
/** How many words of the file may stand between two of the text: types. A long union of them has some dozens. */
const MAX_GAP = 60;
/** Beginnings that are tried; a first word that stands in more places says nothing. */
const MAX_STARTS = 2000;

/** A word, or one of the ways in which Bun writes one: `void 0` for `undefined`. */
const WORDS = /\bvoid 0\b|!0\b|!1\b|\b1 \/ 0\b|[\p{ID_Continue}$]+/gu;
const WRITTEN: Readonly<Record<string, string>> = {
  'void 0': 'undefined',
  '!0': 'true',
  '!1': 'false',
  '1 / 0': 'Infinity',
};
/** A `//` in an address is none. */
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*/g;
const TYPE_DECLARATIONS = /\binterface\s[^{]*\{[^}]*\}|\btype\s[^=]*=[^;]*;?/g;
/** No type holds these. */
const STATEMENTS =
  /\b(await|break|case|catch|class|const|continue|else|export|finally|for|function|if|let|return|switch|throw|try|var|while|yield)\b/;

interface Word {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Finds a function that a runtime printed anew, and kept no map for, in the file of its author: its words come there in the same order, with
 * types and comments between them. Undefined where there is no such place, as when constants were put in for variables, or more than one.
 */
export function searchByWords(file: string, text: string): WordMatch | undefined {
  const wanted = wordsOf(text);
  if (wanted.length < LEAST_WORDS) return undefined;
  const source = file.replace(COMMENTS, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  const words = wordsOf(source);
  const places = new Map<string, number[]>();
  words.forEach(({ name }, index) => {
    const known = places.get(name);
    if (known) known.push(index);
    else places.set(name, [index]);
  });
  const starts = places.get((wanted[0] as Word).name) ?? [];
  if (starts.length > MAX_STARTS) return undefined;
  const gap = (all: readonly Word[], whole: string, [from, to]: [number, number]): string => {
    const before = all[from] as Word;
    return whole.slice(before.offset + before.length, (all[to] as Word).offset);
  };
  const fits = (index: number, from: number, to: number): boolean =>
    to === from + 1 ||
    (to - from <= MAX_GAP && isTypes(gap(words, source, [from, to]), gap(wanted, text, [index - 1, index])));
  const found = starts.flatMap((start) => {
    const alignment = align(wanted, { places, start, fits });
    return alignment ? [alignment] : [];
  });
  const least = Math.min(...found.map(span));
  const best = found.filter((alignment) => span(alignment) === least);
  return best.length === 1 && best[0] ? matchOf(file, best[0], { words, wanted }) : undefined;
}

/** For each word of the text the index of the same word in the file. */
type Alignment = readonly number[];

function align(
  wanted: readonly Word[],
  {
    places,
    start,
    fits,
  }: {
    places: ReadonlyMap<string, readonly number[]>;
    start: number;
    fits: (index: number, from: number, to: number) => boolean;
  },
): Alignment | undefined {
  const alignment = [start];
  let last = start;
  for (let index = 1; index < wanted.length; index++) {
    const next = firstAfter(places.get((wanted[index] as Word).name), last);
    if (next === undefined || !fits(index, last, next)) return undefined;
    alignment.push(next);
    last = next;
  }
  return alignment;
}

/** Whether what stands between two words in the file is what stands there in the text, and nothing more than types. */
function isTypes(inFile: string, inText: string): boolean {
  const rest = inFile.replace(TYPE_DECLARATIONS, '');
  return !STATEMENTS.test(rest) && count(rest, /;/g) <= count(inText, /;/g) && depth(rest) === depth(inText);
}

/** Without round brackets: printers add and take away those. */
function depth(text: string): number {
  return count(text, /[[{]/g) - count(text, /[\]}]/g);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function span(alignment: Alignment): number {
  return (alignment.at(-1) ?? 0) - (alignment[0] ?? 0);
}

function matchOf(
  file: string,
  alignment: Alignment,
  { words, wanted }: { words: readonly Word[]; wanted: readonly Word[] },
): WordMatch {
  const marks: LineMark[] = [];
  let [line, at] = [1, 0];
  for (const [index, found] of alignment.entries()) {
    const { offset } = words[found] as Word;
    for (let end = file.indexOf('\n', at); end >= 0 && end < offset; end = file.indexOf('\n', at)) {
      line++;
      at = end + 1;
    }
    marks.push({ offset: (wanted[index] as Word).offset, line, column: offset - at + 1 });
  }
  const first = marks[0] as LineMark;
  return { line: first.line, column: Math.max(1, first.column - first.offset), marks };
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORDS), ({ 0: written, index }) => ({
    // numbers are written anew, too: 1_000
    name: WRITTEN[written] ?? (/^\d/.test(written) ? String(Number(written.replaceAll('_', ''))) : written),
    offset: index,
    length: written.length,
  }));
}

/** The first of ascending numbers that is greater than `limit`. */
function firstAfter(numbers: readonly number[] | undefined, limit: number): number | undefined {
  if (numbers === undefined) return undefined;
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return numbers[low];
}
