import { fileURLToPath } from 'node:url';
import { nameBehindHash, type SourceRequest } from '@execnet/core/plugin';
import { checkArguments } from './arguments.ts';
import { dedent } from './dedent.ts';
import { readModule } from './module.ts';

/** What the remote end runs. A module that is run is text, maybe with the name of one of its functions; what is only imported there has none. */
interface Request extends Readonly<Record<string, unknown>> {
  readonly kind: 'source' | 'call' | 'stream' | 'expose';
  readonly text: string | null;
  /** Its name in tracebacks. */
  readonly file: string | null;
  readonly function: string | null;
  readonly args: unknown;
}

/** The payload of CHANNEL_EXEC for a Python remote end. Throws a TypeError for what Python can't run. */
export function request({ kind, source, args }: SourceRequest): Request {
  if (source instanceof URL) return ofModule(kind, source, args);
  if (typeof source === 'function')
    throw new TypeError(
      "a JavaScript function can't run in Python: " +
        (kind !== 'function'
          ? "give the name of a function there ('math.factorial'), or the URL of a module with one (new URL('./job.py#work', import.meta.url))"
          : "give source text in Python, or the URL of a module (new URL('./job.py', import.meta.url))"),
    );
  if (typeof source !== 'string')
    throw new TypeError(
      `code for Python is source text, the name of a function, or the URL of a module, not ${source === null ? 'null' : typeof source}`,
    );
  // a file that was read with its mark; Python takes that off files only
  const text = source.replace(/^\uFEFF/, '');
  if (kind === 'function') return { kind: 'source', text: dedent(text), file: null, function: null, args };
  if (!DOTTED_NAME.test(source))
    throw new TypeError(
      `${kind} takes the name of a Python function ('math.factorial', 'len'), not ${JSON.stringify(source.slice(0, 80))}; source text is run with remoteExec`,
    );
  checkArguments(source, args);
  return { kind, text: null, file: null, function: source, args };
}

/** Identifiers may have letters of any language. */
const IDENTIFIER = '[\\p{XID_Start}_]\\p{XID_Continue}*';
const NAME = new RegExp(`^${IDENTIFIER}$`, 'u');
const DOTTED_NAME = new RegExp(`^${IDENTIFIER}(?:\\.${IDENTIFIER})*$`, 'u');

function ofModule(kind: SourceRequest['kind'], url: URL, args: unknown): Request {
  if (url.protocol !== 'file:')
    throw new TypeError(`a module to run remotely is named by a file: URL, not ${url.protocol}`);
  const file = fileURLToPath(url);
  if (/\.[cm]?[jt]sx?$/.test(file))
    throw new TypeError(
      `${file} is JavaScript, and this gateway runs Python: give a .py file, or start a JavaScript interpreter for it (node, bun or deno in the spec)`,
    );
  const name = nameBehindHash(url);
  if (name === '') {
    if (kind !== 'function')
      throw new TypeError(
        `${kind} takes a function: name the one in ${file} behind a #, as in ${url.href}#work; a module is run with remoteExec`,
      );
    return { kind: 'source', text: readModule(file), file, function: null, args };
  }
  if (!NAME.test(name))
    throw new TypeError(`${JSON.stringify(name)}, behind the # of ${url.href}, is no name of a function`);
  checkArguments(`${file}#${name}`, args);
  return { kind: kind === 'function' ? 'source' : kind, text: readModule(file), file, function: name, args };
}
