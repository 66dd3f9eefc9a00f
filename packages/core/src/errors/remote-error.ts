import { ExecnetError } from './execnet-error.ts';

/** An error as it travels between two ends: plain data, nested by `cause`. */
export interface RemoteErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly cause?: RemoteErrorData;
}

/**
 * Remote code failed. `remoteName`, `message` and `remoteStack` are those of the error as it was thrown there; `cause` is its cause, itself a
 * RemoteError. `stack` holds the remote stack first, then where the local program met it.
 */
export class RemoteError extends ExecnetError {
  override readonly name = 'RemoteError';
  /** The class name of the error at the remote end: `TypeError`. */
  readonly remoteName: string;
  /** The stack as the remote end wrote it, `Name: message` line included. */
  readonly remoteStack: string;
  /** The `code` of the error at the remote end, if it had one: `ENOENT`. */
  readonly remoteCode: string | undefined;

  constructor(data: RemoteErrorData) {
    super('ERR_EXECNET_REMOTE', data.message, data.cause ? { cause: new RemoteError(data.cause) } : {});
    this.remoteName = data.name;
    this.remoteStack = data.stack;
    this.remoteCode = data.code;
    const local = (this.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    this.stack = [`RemoteError: ${data.stack}`, '    --- local stack ---', ...local].join('\n');
  }
}

/** Bounds what a hostile or runaway chain of causes can cost; deeper causes are dropped. */
const MAX_CAUSES = 16;

/** The error as data for the other end. Accepts anything that can be thrown; never throws. */
export function describeError(thrown: unknown, depth = 0): RemoteErrorData {
  try {
    if (thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'stack' in thrown)) {
      const error = thrown as Error & { code?: unknown };
      const name = String(error.constructor?.name || error.name || 'Error');
      const shown = error.name && error.name !== 'Error' ? String(error.name) : name;
      const message = String(error.message);
      // Deno writes `(file, <anonymous>:3:7)` for code that was evaluated under the name of a file
      const stack = String(error.stack || `${shown}: ${message}`).replaceAll(
        /, <anonymous>:(\d+:\d+)/g,
        ':$1',
      );
      return {
        name: shown,
        message,
        // JavaScriptCore (Bun) leaves the first line out
        stack: stack.includes(message) ? stack : `${shown}: ${message}\n${stack}`,
        ...(typeof error.code === 'string' ? { code: error.code } : {}),
        ...(error.cause !== undefined && depth < MAX_CAUSES
          ? { cause: describeError(error.cause, depth + 1) }
          : {}),
      };
    }
    const message = typeof thrown === 'string' ? thrown : `${typeof thrown} thrown: ${String(thrown)}`;
    return { name: 'Error', message, stack: `Error: ${message}` };
  } catch {
    return {
      name: 'Error',
      message: 'an error that can not be described',
      stack: 'Error: an error that can not be described',
    };
  }
}

/** The same error with nothing in its texts that UTF-8 can't carry. */
export function wellFormed(error: RemoteErrorData): RemoteErrorData {
  return JSON.parse(JSON.stringify(error), (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/\p{Surrogate}/gu, '\ufffd') : value,
  ) as RemoteErrorData;
}
