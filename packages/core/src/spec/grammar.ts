/**
 * The text form of a spec: pieces separated by `//`, each `key` or `key=value`.
 *
 * Inside a value:
 * - `\/` is a slash that is no part of a separator: `env:HOME_PAGE=https:/\/example.org` holds `https://example.org`;
 * - backslashes before a slash are halved (`\\/` is `\/`); anywhere else a backslash is an ordinary character;
 * - of three slashes in a row the first belongs to the value: `chdir=/tmp///nice=5` names the folder `/tmp/`.
 */
import { SpecError } from '../errors/index.ts';
import { CORE_FIELDS, type CoreField, ENV_PREFIX } from './fields.ts';

/** A bare key is true. */
export type FieldValue = string | true;

const KEY = /^[A-Za-z][A-Za-z0-9_-]*$/;
/** Names that a POSIX shell can export, since that is how they reach a machine over a network. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** An `env:` value, up to the next piece that can be a field: half of an unescaped URL is masked too. */
const ENV_VALUE =
  /(env:[^=]*?=).*?(?=\/\/(?:[A-Za-z][A-Za-z0-9_-]*|env:[A-Za-z_][A-Za-z0-9_]*)(?:=|\/\/|$)|$)/gs;
/** What stands in messages for the value of an environment variable. */
export const MASK = '***';
/** A message shows no more of a spec than this: enough to recognise it, short enough for a line of a log. */
const SHOWN_LENGTH = 300;

/** Parses the text form into fields in order. Throws a `SpecError` that names the piece and its position. */
export function parseFields(text: string): Map<string, FieldValue> {
  const fields = new Map<string, FieldValue>();
  if (text === '') throw specError(text, 'is empty; the shortest spec names a transport, like "popen"');
  const pieces = splitPieces(text);
  for (const [index, piece] of pieces.entries()) {
    const separator = piece.text.indexOf('=');
    const name = separator < 0 ? piece.text : piece.text.slice(0, separator);
    const value =
      separator < 0 ? true : readValue(piece.text.slice(separator + 1), index < pieces.length - 1);
    // half of an unescaped URL in an env: value is a secret as well
    const afterEnv = pieces[index - 1]?.text.startsWith(ENV_PREFIX) ?? false;
    const shown = afterEnv && !KEY.test(name) && !name.startsWith(ENV_PREFIX) ? MASK : name;
    const where = `piece ${index + 1} (${JSON.stringify(shown)}, at character ${piece.start + 1})`;
    const fault = fields.has(name) ? 'is there twice' : (faultOfName(name) ?? faultOfValue(name, value));
    if (fault !== undefined) throw specError(text, `${where} ${fault}`);
    fields.set(name, value);
  }
  return fields;
}

/** The inverse of {@link parseFields}: parsing what it returns gives the same fields. */
export function formatFields(fields: Iterable<readonly [string, FieldValue]>): string {
  const entries = [...fields];
  return entries
    .map(([name, value], index) =>
      value === true ? name : `${name}=${printValue(value, index < entries.length - 1)}`,
    )
    .join('//');
}

/** What is wrong with a field name, or undefined. */
export function faultOfName(name: string): string | undefined {
  if (name === '' || name.startsWith('/'))
    return 'is empty, or starts with a slash: expected a key between separators "//"';
  if (name.startsWith(ENV_PREFIX)) {
    const variable = name.slice(ENV_PREFIX.length);
    if (variable === '') return 'names no variable: expected env:NAME=value';
    if (!ENV_NAME.test(variable))
      return 'has a bad variable name: expected letters, digits and "_", no digit first';
    return undefined;
  }
  if (KEY.test(name)) return undefined;
  if (/^\d+\*/.test(name))
    return 'has a multiplier, which stands for several specs; give it to makeGateways()';
  return 'is no key: expected a letter, then letters, digits, "_" or "-" (write \\/ for a slash inside a value)';
}

/** What is wrong with a value, or undefined; only core's own fields can be judged here. */
export function faultOfValue(name: string, value: FieldValue): string | undefined {
  if (name.startsWith(ENV_PREFIX)) {
    if (value === true) return 'has no value: write "=" after the name for an empty one';
  } else if (Object.hasOwn(CORE_FIELDS, name)) {
    const field: CoreField = CORE_FIELDS[name as keyof typeof CORE_FIELDS];
    if (value === true) return `has no value: expected ${field.expects}`;
    if (!field.accepts(value)) return `has the value ${JSON.stringify(value)}: expected ${field.expects}`;
  }
  if (value !== true && value.includes('\0'))
    return 'has a NUL character in its value, which no command can carry';
  return undefined;
}

/** Makes a `SpecError` that shows the spec, the values of its environment variables masked. */
export function specError(text: string, message: string): SpecError {
  return new SpecError('ERR_EXECNET_SPEC', `${showSpec(text)}: ${message}`);
}

/** The spec as it may stand in a message: quoted, bounded, environment values masked. */
export function showSpec(text: string): string {
  const masked = text.replace(ENV_VALUE, `$1${MASK}`);
  return JSON.stringify(masked.length > SHOWN_LENGTH ? `${masked.slice(0, SHOWN_LENGTH)}…` : masked);
}

interface Piece {
  readonly text: string;
  readonly start: number;
}

function splitPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  // a run of backslashes with one slash, or a run of slashes
  for (const run of text.matchAll(/(\\+)\/|\/{2,}/g)) {
    if (run[1] !== undefined && run[1].length % 2 === 1) continue;
    // an unescaped slash after backslashes: it may begin a separator
    const first = run[1] === undefined ? run.index : run.index + run[1].length;
    if (first < start) continue;
    const slashes = /^\/+/.exec(text.slice(first))?.[0].length ?? 0;
    if (slashes < 2) continue;
    const separator = slashes === 3 ? first + 1 : first;
    pieces.push({ text: text.slice(start, separator), start });
    start = separator + 2;
  }
  pieces.push({ text: text.slice(start), start });
  return pieces;
}

/** `bounded`: a separator follows, before which backslashes count as before any slash. */
function readValue(raw: string, bounded: boolean): string {
  return raw.replace(bounded ? /(\\+)(\/|$)/g : /(\\+)(\/)/g, (_, run: string, slash: string) => {
    return '\\'.repeat(run.length >> 1) + slash;
  });
}

function printValue(value: string, bounded: boolean): string {
  return value
    .replace(bounded ? /\\+(?=\/|$)/g : /\\+(?=\/)/g, (run) => run + run)
    .replace(/\/{2,}/g, (run) => `/${'\\/'.repeat(run.length - 1)}`);
}
