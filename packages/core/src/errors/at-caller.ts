import { ChannelClosedError, TimeoutError } from './errors.ts';
import { LOCAL_STACK, RemoteError } from './remote-error.ts';

/** An error may be told to several who wait: those it was told to, as frames. */
const shown = new WeakMap<Error, Set<string>>();

/** The engine knows who awaits a promise, and says so in stacks. JavaScriptCore does not. */
export const ASYNCHRONOUS_STACKS: boolean = !('bun' in process.versions);

/** More callers than that are not named. */
const MAX_CALLERS = 4;

function isOurs(error: unknown): error is Error {
  return error instanceof RemoteError || error instanceof TimeoutError || error instanceof ChannelClosedError;
}

/**
 * Puts the place in the local program that an error is told to into its stack, instead of our own frames. `below` is the function of ours
 * that the frames are to stand above. To be called where the program called us, or in a handler of a promise that the program awaits: engines
 * with asynchronous stacks (V8) then know who awaits it. Where they don't the stack stays as it is.
 */
export function atCaller<E>(error: E, below: (...args: never[]) => unknown): E {
  if (!isOurs(error)) return error;
  const frames = framesOf(stackAbove(below)).join('\n');
  const others = shown.get(error) ?? new Set();
  if (frames === '' || others.has(frames) || others.size === MAX_CALLERS) return error;
  shown.set(error, others.add(frames));
  const stack = error.stack ?? '';
  if (others.size > 1) error.stack = `${stack}\n    --- and ---\n${frames}`;
  else if (error instanceof RemoteError)
    error.stack = `${stack.slice(0, stack.indexOf(LOCAL_STACK) + LOCAL_STACK.length)}\n${frames}`;
  else error.stack = `${String(error)}\n${frames}`;
  return error;
}

/** The stack above `below`, to be read later if at all. */
export function stackAbove(below: (...args: never[]) => unknown): { readonly stack?: unknown } {
  const holder = {};
  Error.captureStackTrace(holder, below);
  return holder;
}

/** The lines of a stack that are frames, as the engine writes them. */
export function framesOf({ stack }: { readonly stack?: unknown }): string[] {
  // the program may have them in another form (Error.prepareStackTrace)
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  return lines.filter((line) => /^\s+at (?!.*\bprocessTicksAndRejections )/.test(line));
}

/** How a promise is settled. */
interface Settle {
  resolve(value: Promise<never>): void;
  reject(error: unknown): void;
}

/** Rejects a promise so that the stack of an error of ours names who awaits it; that takes a few microtasks more. */
export function rejectAtCaller(error: unknown, { resolve, reject }: Settle): void {
  if (!ASYNCHRONOUS_STACKS || !isOurs(error)) {
    reject(error);
    return;
  }
  let go!: () => void;
  const begin = new Promise<void>((begun) => {
    go = begun;
  });
  const traced = begin.then(function told(): never {
    throw atCaller(error, told);
  });
  // who awaits the promise is found through it: it has to follow this one before the handler runs
  resolve(traced);
  go();
}
