import { badLine } from './config-error.ts';
import type { ConfigLine } from './line.ts';

/**
 * The form of a keyword's arguments: `rest` is the text as it stands (a command), `words` at least one, `paths` the same with `none` only
 * alone, `anything` is not looked at; a list names the choices.
 */
export type Form =
  | 'flag'
  | 'number'
  | 'port'
  | 'time'
  | 'word'
  | 'words'
  | 'paths'
  | 'rest'
  | 'anything'
  | readonly string[];

/** The choices that OpenSSH takes for each other. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['true', 'yes'],
  ['false', 'no'],
]);

/**
 * The arguments in their normal form: flags and choices in lower case with `yes` and `no`, numbers in decimal, times in seconds.
 * Throws if OpenSSH would refuse them, so that a slip is found wherever it stands, as there.
 */
export function readValues(line: ConfigLine, form: Form): readonly string[] {
  switch (form) {
    case 'anything':
      return line.words;
    case 'rest':
      return [line.rest.replace(/^[ \t=]+/, '')];
    case 'words':
    case 'paths':
      if (line.words.length === 0 || line.words.includes(''))
        throw badLine(line.place, `${line.name} has an empty argument, or none`);
      if (form === 'paths' && line.words.length > 1 && line.words.some(isNone))
        throw badLine(line.place, `"none" must stand alone after ${line.name}`);
      return line.words;
    case 'word':
      return [onlyWord(line)];
    case 'number':
      return [readNumber(line, onlyWord(line))];
    case 'port':
      return [readPortOf(line, onlyWord(line))];
    case 'time':
      return [readTime(line, onlyWord(line))];
    case 'flag':
      return [readChoice(line, ['yes', 'no'])];
    default:
      return [readChoice(line, form)];
  }
}

/** OpenSSH writes "no value" like this for nearly every keyword. */
export function isNone(value: string): boolean {
  return value.toLowerCase() === 'none';
}

/** A port as the user may write it: a decimal number from 1 to 65535. */
export function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function onlyWord(line: ConfigLine): string {
  const [word, extra] = line.words;
  if (!word) throw badLine(line.place, `${line.name} has no argument`);
  if (extra !== undefined)
    throw badLine(
      line.place,
      `${line.name} takes one argument, and ${JSON.stringify(extra)} is a second one`,
    );
  return word;
}

function readChoice(line: ConfigLine, choices: readonly string[]): string {
  const word = onlyWord(line);
  const lower = word.toLowerCase();
  const choice = SYNONYMS.get(lower) ?? lower;
  if (choices.includes(choice)) return choice;
  throw badLine(line.place, `${line.name} ${JSON.stringify(word)} is none of ${choices.join(', ')}`);
}

/** What an `int` holds, the type that OpenSSH keeps numbers in. */
const LARGEST_NUMBER = 2 ** 31 - 1;

function readNumber(line: ConfigLine, word: string): string {
  const number = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (number <= LARGEST_NUMBER) return String(number);
  throw badLine(
    line.place,
    `${line.name} ${JSON.stringify(word)} is no whole number from 0 to ${LARGEST_NUMBER}`,
  );
}

function readPortOf(line: ConfigLine, word: string): string {
  const port = readPort(word);
  if (port !== undefined) return String(port);
  throw badLine(line.place, `${line.name} ${JSON.stringify(word)} is no port number from 1 to 65535`);
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of `90`, `1m30s`, `2H` (sshd_config(5), TIME FORMATS); `none` is none. */
function readTime(line: ConfigLine, word: string): string {
  if (isNone(word)) return 'none';
  let seconds = /^(?:\d+[smhdw])*\d*$/i.test(word) ? 0 : Number.NaN;
  for (const [, count, unit] of word.matchAll(/(\d+)([smhdw]?)/gi))
    seconds += Number(count) * (SECONDS[(unit as string).toLowerCase()] ?? 1);
  if (seconds <= LARGEST_NUMBER) return String(seconds);
  throw badLine(line.place, `${line.name} ${JSON.stringify(word)} is no time such as 90, 1m30s or 2h`);
}
