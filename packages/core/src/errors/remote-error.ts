import { dataOf, propertiesAsData, shortly } from './data-of.ts';
import { ExecnetError } from './execnet-error.ts';
import { framesOf } from './stack.ts';

/** An error as it travels between two ends: plain data, nested by `cause` and `errors`. */
export interface RemoteErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly cause?: RemoteErrorData;
  /** Those of an AggregateError, or of an ExceptionGroup. */
  readonly errors?: readonly RemoteErrorData[];
  /** What else it has, as far as that is data. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** What was thrown, if that was no error; a copy, as far as it is data. */
  readonly thrown?: unknown;
}

/** The line between the remote stack and the local one. */
export const LOCAL_STACK = '    --- local stack ---';

/**
 * Remote code failed. `message` is the name and the message of the error as it was thrown there; `cause` is its cause and `errors` are those that it
 * puts together, RemoteErrors themselves. `stack` holds the remote stack first, then where the local program met it.
 */
export class RemoteError extends ExecnetError {
  override readonly name = 'RemoteError';
  /** The class name of the error at the remote end: `TypeError`. */
  readonly remoteName: string;
  /** Its message, without the name. */
  readonly remoteMessage: string;
  /** The stack as the remote end wrote it, `Name: message` line included. */
  readonly remoteStack: string;
  /** The `code` of the error at the remote end, if it had one: `ENOENT`. */
  readonly remoteCode: string | undefined;
  /** Missing if it was no AggregateError, and in Python no ExceptionGroup. */
  declare readonly errors?: readonly RemoteError[];
  /** The properties of its own that the error had there, as far as they are data: `status`, `stdout`, `exitCode`. Missing if there are none. */
  declare readonly properties?: Readonly<Record<string, unknown>>;
  /** What was thrown there, if that was no error; a copy, as far as it is data. */
  declare readonly thrown?: unknown;

  /** `frames`: where the local program is, as lines of a stack; without them where the error was received. A part of another error has none. */
  constructor(data: RemoteErrorData, frames?: readonly string[]) {
    super(
      'ERR_EXECNET_REMOTE',
      messageOf(data),
      data.cause ? { cause: new RemoteError(data.cause, []) } : {},
    );
    this.remoteName = data.name;
    this.remoteMessage = data.message;
    this.remoteStack = data.stack;
    this.remoteCode = data.code;
    if (data.errors) this.errors = data.errors.map((error) => new RemoteError(error, []));
    if (data.properties) this.properties = data.properties;
    if ('thrown' in data) this.thrown = data.thrown;
    const local = frames ?? framesOf(this);
    this.stack = [`RemoteError: ${data.stack}`, ...(local.length > 0 ? [LOCAL_STACK, ...local] : [])].join(
      '\n',
    );
  }
}

/** A mere text, as a channel may be closed with, is no error with a name. */
function messageOf(data: RemoteErrorData): string {
  const { name, message, stack } = data;
  if (message === '') return name;
  return stack === message || 'thrown' in data ? message : `${name}: ${message}`;
}

/** Bounds what a hostile or runaway chain of causes can cost; deeper causes are dropped. */
const MAX_CAUSES = 16;

/** And how many errors are told in all. */
const MAX_ERRORS = 64;

/** The error as data for the other end. Accepts anything that can be thrown; never throws. */
export function describeError(
  thrown: unknown,
  depth = 0,
  budget: { left: number } = { left: MAX_ERRORS },
): RemoteErrorData {
  budget.left--;
  try {
    if (thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'stack' in thrown)) {
      const [ownName, trace, code, cause, several] = ['name', 'stack', 'code', 'cause', 'errors'].map(
        (name) => read(thrown, name),
      );
      // a SuppressedError has two, which are no properties that can be listed
      const errors =
        'suppressed' in thrown && 'error' in thrown
          ? [read(thrown, 'error'), read(thrown, 'suppressed')]
          : several;
      const name = asText(read(read(thrown, 'constructor'), 'name') || ownName || 'Error');
      const shown = ownName && ownName !== 'Error' ? asText(ownName) : name;
      const message = asText(read(thrown, 'message', 'a message that can not be read'));
      // Deno writes `(file, <anonymous>:3:7)` for code that was evaluated under the name of a file
      const stack = String(trace || `${shown}: ${message}`).replaceAll(/, <anonymous>:(\d+:\d+)/g, ':$1');
      const properties = propertiesOf(thrown);
      return {
        name: shown,
        message,
        // JavaScriptCore (Bun) leaves the first line out
        stack: stack.includes(message) ? stack : `${shown}: ${message}\n${stack}`,
        ...(typeof code === 'string' ? { code } : {}),
        ...(cause !== undefined && depth < MAX_CAUSES && budget.left > 0
          ? { cause: describeError(cause, depth + 1, budget) }
          : {}),
        ...(Array.isArray(errors) && depth < MAX_CAUSES
          ? { errors: describeAll(errors, depth + 1, budget) }
          : {}),
        ...(properties && { properties }),
      };
    }
    const message = typeof thrown === 'string' ? thrown : `${typeof thrown} thrown: ${shortly(thrown)}`;
    return { name: 'Error', message, stack: `Error: ${message}`, thrown: dataOf(thrown) };
  } catch {
    return {
      name: 'Error',
      message: 'an error that can not be described',
      stack: 'Error: an error that can not be described',
    };
  }
}

/** A property whose getter may throw: that of V8's stacks does if the program's `Error.prepareStackTrace` does. */
function read(from: unknown, name: string, otherwise?: string): unknown {
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return otherwise;
  }
}

/** Names and messages can be anything. */
function asText(value: unknown): string {
  return Object(value) === value ? shortly(value) : String(value);
}

function describeAll(errors: readonly unknown[], depth: number, budget: { left: number }): RemoteErrorData[] {
  const described: RemoteErrorData[] = [];
  for (const error of errors) {
    if (budget.left <= 0) break;
    described.push(describeError(error, depth, budget));
  }
  return described;
}

/** The same error with nothing in its texts that UTF-8 can't carry. */
export function wellFormed(error: RemoteErrorData): RemoteErrorData {
  const text = JSON.stringify(error, (_key, value: unknown) =>
    // what the format of the other end may have no words for
    typeof value === 'bigint' || value instanceof Uint8Array
      ? String(value)
      : value instanceof Map || value instanceof Set
        ? [...value]
        : value,
  );
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(/\p{Surrogate}/gu, '\ufffd') : value,
  ) as RemoteErrorData;
}

/** What is told of every error in a place of its own. */
const KNOWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** The properties that an error has besides what every error has; undefined if it has none. */
function propertiesOf(error: object): Record<string, unknown> | undefined {
  const names = Object.keys(error).filter((name) => !KNOWN.has(name));
  return names.length === 0 ? undefined : propertiesAsData(error, names);
}

/** An error that arrived, as far as it is the data of one: the peer decides what that is, and how long its chain of causes. Throws for what is no object and no text. */
export function checkErrorData(
  data: unknown,
  depth = 0,
  budget: { left: number } = { left: MAX_ERRORS },
): RemoteErrorData {
  budget.left--;
  if (typeof data === 'string') return { name: 'Error', message: data, stack: data };
  const { name, message, stack, code, cause, errors, properties, ...more } = data as Record<string, unknown>;
  return {
    name: String(name ?? 'Error'),
    message: String(message ?? ''),
    stack: String(stack ?? message ?? ''),
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause && typeof cause === 'object' && depth < MAX_CAUSES && budget.left > 0
      ? { cause: checkErrorData(cause, depth + 1, budget) }
      : {}),
    ...(Array.isArray(errors) && depth < MAX_CAUSES
      ? { errors: errors.flatMap((one) => (budget.left > 0 ? [checkErrorData(one, depth + 1, budget)] : [])) }
      : {}),
    ...(properties && typeof properties === 'object'
      ? { properties: properties as Readonly<Record<string, unknown>> }
      : {}),
    ...('thrown' in more ? { thrown: more['thrown'] } : {}),
  };
}
