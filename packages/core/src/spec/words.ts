import { SpecError } from '../errors/index.ts';

/**
 * Splits a command line as a POSIX shell splits words, without expanding anything: `$`, `*`, `|`, `;` and `#` are ordinary characters.
 *
 * Quotes and backslashes mean what they mean to `sh` (POSIX.1, Shell Command Language 2.2), `"\$"` and line continuation included.
 * Throws a `SpecError` for an unbalanced quote or a backslash at the end.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    if (char === ' ' || char === '\t' || char === '\n') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '\\') {
      const next = line[++at];
      if (next === undefined) throw unbalanced(line, at - 1, 'a backslash escapes nothing');
      if (next !== '\n') word = (word ?? '') + next;
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw unbalanced(line, at, 'a single quote is not closed');
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      const quoted = readDoubleQuoted(line, at);
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Reads from the opening quote at `start` to the closing one. A backslash keeps its meaning only before the characters that `sh` names. */
function readDoubleQuoted(line: string, start: number): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const char = line[at] as string;
    if (char === '"') return { text, end: at };
    const next = line[at + 1];
    if (char === '\\' && next !== undefined && '$`"\\\n'.includes(next)) {
      if (next !== '\n') text += next;
      at++;
    } else {
      text += char;
    }
  }
  throw unbalanced(line, start, 'a double quote is not closed');
}

function unbalanced(line: string, at: number, what: string): SpecError {
  return new SpecError(
    'ERR_EXECNET_SPEC',
    `${JSON.stringify(line)} can't be split into words: ${what} (character ${at + 1}); quote it as for a shell`,
  );
}

/** Words that mean the same to every shell without quotes. `=` is missing: at the front of a command `a=b` is an assignment. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+:,./-]+$/;

/**
 * Quotes one word so that a POSIX shell reads exactly that word: single quotes, unless nothing in it needs any.
 * Throws a TypeError for a word with a NUL, which no command line can carry.
 */
export function quoteWord(word: string): string {
  if (word.includes('\0'))
    throw new TypeError(`a word with a NUL character can't be passed to a command: ${JSON.stringify(word)}`);
  if (PLAIN_WORD.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes words and joins them by blanks: a command line that a POSIX shell splits into exactly these. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
