import type { RemoteErrorData } from '../errors/index.ts';
import { parseText } from '../purity/index.ts';
import { moduleText, type RemoteSource, SOURCE_NAME, TEXT_PREFIX, textProgram } from './source.ts';

/** The names that engines have for a text that they can't parse. */
const NAMES = ['SyntaxError', 'BuildMessage'];

/** So many characters of a line are shown on each side of the place. */
const SHOWN = 60;

/**
 * Says where a text or a module has its syntax error. Of text that is evaluated engines don't tell, so it is parsed here once more; an error that was thrown
 * while the code ran stays as it is.
 */
export function withPlace(source: RemoteSource, error: RemoteErrorData): RemoteErrorData {
  if (typeof source === 'function' || !NAMES.includes(error.name)) return error;
  try {
    const isText = typeof source === 'string';
    const name = isText ? SOURCE_NAME : source.href.split('#')[0];
    // it comes from within, or names its place already
    if (error.stack.includes(`${name}:`)) return error;
    const program = isText ? textProgram(source) : moduleText(source);
    const position = parseText(program, isText ? 'script' : 'module');
    if (position === undefined) return error;
    // the program begins before the text, in its first line
    const shift = isText ? TEXT_PREFIX.length : 0;
    const text = isText ? source : program;
    const at = Math.min(Math.max(0, position - shift), text.length);
    const before = text.slice(0, at).split('\n');
    const line = text.split('\n')[before.length - 1] ?? '';
    const column = before[before.length - 1]?.length ?? 0;
    const place = `${name}:${before.length}:${column + 1}`;
    const message = `${error.message} (${place})`;
    const from = Math.max(0, column - SHOWN);
    const shown = `    ${line.slice(from, column + SHOWN)}\n    ${' '.repeat(column - from)}^`;
    const stack = `${error.name}: ${message}\n\n${shown}\n    at ${place}`;
    return { ...error, message, stack };
  } catch {
    // what can't be read any more keeps its error
    return error;
  }
}
