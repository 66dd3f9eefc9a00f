import type { ExecRequest } from '../../protocol/index.ts';

/** What execnet puts into CHANNEL_EXEC: a tuple of source, file, function, arguments. */
export interface ExecTuple {
  readonly source: string;
  /** The file that the source is from, if it is from one. */
  readonly file: string | null;
  /** The function of the source that is to be called, if it is about one. */
  readonly name: string | null;
  readonly args: unknown;
}

/** The tuple as it was loaded, with its parts named. Throws for anything else. */
export function execTuple(loaded: unknown): ExecTuple {
  const parts = Array.isArray(loaded) ? (loaded as unknown[]) : [];
  const [source, file = null, name = null, args = {}] = parts;
  if (parts.length === 4 && typeof source === 'string' && isText(file) && isText(name))
    return { source, file, name, args };
  throw new TypeError('a request to execute is a tuple of source, file name, function name and arguments');
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** A name as JavaScript and Python both have them; anything else could not be called. */
const IDENTIFIER = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/**
 * The source as a function of the channel and the arguments. It is the body of one, as program text that a local end of ours sends: `await` and
 * `return` may stand in it, and nothing of it remains.
 */
export function requestOf({ source, file, name, args }: ExecTuple): ExecRequest {
  // the source begins in the first line of the text, so that the lines of stacks are its own
  const call = name !== null && IDENTIFIER.test(name) ? `\nreturn ${name}(channel, args)` : '';
  const url = file !== null && !/\s/.test(file) ? file : 'execnet:source';
  return {
    kind: 'function',
    text: `(async function (channel, args) {${source}${call}\n})\n//# sourceURL=${url}`,
    args,
  };
}
