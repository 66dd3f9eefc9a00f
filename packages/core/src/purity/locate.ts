import { readFileSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LineMark } from './layout.ts';
import {
  type FileMap,
  firstAtOrAfter,
  isSameWord,
  type Position,
  searchByMap,
  segmentsInside,
} from './map-search.ts';
import { decodeMappings, type Segment } from './source-map.ts';
import { searchByWords } from './word-search.ts';

/** Where a function was written. */
export interface FunctionLocation {
  /** Path of the file as its author knows it. */
  readonly file: string;
  /** Line of its first character, from 1. */
  readonly line: number;
  /** Column of its first character, from 1. */
  readonly column: number;
  /** Places inside its text, by ascending offset; empty where the text stands in the file as it is. */
  readonly marks: readonly LineMark[];
}

/** Larger files are bundles; nobody knows their lines, and searching them would be felt. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Files that send functions are few; this bounds what their texts may hold in memory. */
const MAX_CACHED_FILES = 16;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly map: FileMap | undefined;
}

/** Bun gives functions texts of its own making and keeps no source maps within reach. */
const printsAnew = 'bun' in process.versions;

const files = new Map<string, SourceFile | undefined>();

/**
 * Where in the file a function with this text was written, or undefined if that can't be told for certain: another file, two functions
 * with the same text, a compiler that rewrote the text and left no source map in the process. Never throws.
 *
 * `callSiteFile` is a path or a `file:` URL, as it stands in the stack of the code that sends the function. A file is read once.
 */
export function locateFunction(text: string, callSiteFile: string): FunctionLocation | undefined {
  try {
    const file = openFile(callSiteFile);
    if (file === undefined) return undefined;
    const offset = onlyIndexOf(file, text);
    if (offset !== undefined) return located(file, text, offset);
    if (printsAnew) {
      const match = searchByWords(file.text, text);
      return match && { file: file.path, ...match };
    }
    const start = file.map && searchByMap(file.map, text);
    return file.map && start && originalOf(file.map, text, start);
  } catch {
    // a file that is gone, a map that is none: the stack then names no file
    return undefined;
  }
}

function openFile(name: string): SourceFile | undefined {
  const path = name.startsWith('file:') ? fileURLToPath(name) : name;
  if (!/^(\/|[A-Za-z]:[\\/])/.test(path)) return undefined;
  if (!files.has(path)) {
    const [oldest] = files.keys();
    if (files.size >= MAX_CACHED_FILES && oldest !== undefined) files.delete(oldest);
    files.set(path, readFile(path));
  }
  return files.get(path);
}

function readFile(path: string): SourceFile | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true || statSync(path).size > MAX_FILE_BYTES)
    return undefined;
  const text = readFileSync(path, 'utf8');
  return { path, text, map: findMap(path, text) };
}

/** The source map that the runtime has for a loaded file; there is one only where the process runs with source maps. */
function findMap(path: string, text: string): FileMap | undefined {
  // missing on Bun
  const find: ((name: string) => nodeModule.SourceMap | undefined) | undefined = nodeModule.findSourceMap;
  const map = find?.(path) ?? find?.(pathToFileURL(path).href);
  if (map === undefined || map.payload.mappings === '') return undefined;
  const { sources, sourcesContent, sourceRoot, mappings } = map.payload;
  return {
    segments: decodeMappings(mappings),
    lineLengths: (map as { lineLengths?: readonly number[] }).lineLengths ?? [],
    sources: sources.map((source, index) => {
      const name = `${sourceRoot ?? ''}${source}`;
      const sourcePath = name.startsWith('file:') ? fileURLToPath(name) : resolve(dirname(path), name);
      return {
        path: sourcePath,
        lines: linesOf(sourcePath === path ? text : (sourcesContent?.[index] ?? readQuietly(sourcePath))),
      };
    }),
  };
}

/** The text of a file; empty where there is none, or too much. */
export function readQuietly(path: string, most: number = MAX_FILE_BYTES): string {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY) <= most
    ? readFileSync(path, 'utf8')
    : '';
}

function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/**
 * Offset of the only place where the file holds the text. In a TypeScript file blanks of the text stand for anything: so types are taken out
 * where a runtime strips them. Undefined if there is none, or more than one.
 */
function onlyIndexOf(file: SourceFile, text: string): number | undefined {
  const first = file.text.indexOf(text);
  if (first >= 0) return file.text.indexOf(text, first + 1) < 0 ? first : undefined;
  if (!/\.[mc]?ts$/.test(file.path)) return undefined;
  const head = text.slice(0, /\s|$/.exec(text)?.index);
  let found: number | undefined;
  for (let at = file.text.indexOf(head); at >= 0; at = file.text.indexOf(head, at + 1)) {
    if (!matchesBlanked(file.text, at, text)) continue;
    if (found !== undefined) return undefined;
    found = at;
  }
  return found;
}

function matchesBlanked(source: string, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char !== source[start + at] && char !== ' ') return false;
  }
  return true;
}

/** The text stands in the file; where the file was generated, its map leads on to the original. */
function located(file: SourceFile, text: string, offset: number): FunctionLocation | undefined {
  const before = linesOf(file.text.slice(0, offset));
  const position = { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
  if (file.map === undefined || file.map.sources.some((source) => source.path === file.path)) {
    return { file: file.path, line: position.line + 1, column: position.column + 1, marks: [] };
  }
  return originalOf(file.map, text, position);
}

/** The original place of a function whose text starts at this position of the generated file. */
function originalOf(map: FileMap, text: string, start: Position): FunctionLocation | undefined {
  const inside = segmentsInside(map.segments, text, start);
  // a compiler may put its own call around the function, and map that to it
  const around =
    map.segments[firstAtOrAfter(map.segments, { line: start.line, column: start.column + 1 }) - 1];
  const first = around?.line === start.line ? around : inside[0]?.segment;
  const source = first && map.sources[first.source];
  if (first === undefined || source === undefined) return undefined;
  return {
    file: source.path,
    line: first.originalLine + 1,
    column: first.originalColumn + 1,
    marks: marksOf(inside.filter(({ offset, segment }) => isSameWord(map, text, offset, segment))),
  };
}

/** Only ascending lines: what a compiler moved, or mapped to another place, must not push the rest down. */
function marksOf(places: readonly { offset: number; segment: Segment }[]): LineMark[] {
  const marks: LineMark[] = [];
  for (const { offset, segment } of places.toReversed()) {
    const line = segment.originalLine + 1;
    if (line <= (marks.at(-1)?.line ?? Number.POSITIVE_INFINITY))
      marks.push({ offset, line, column: segment.originalColumn + 1 });
  }
  return marks.reverse();
}
