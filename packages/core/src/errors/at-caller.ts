import { ChannelClosedError, TimeoutError } from './errors.ts';
import { LOCAL_STACK, RemoteError } from './remote-error.ts';

/** An error may be told to several who wait. */
const shown = new WeakSet<Error>();

function isOurs(error: unknown): error is Error {
  return error instanceof RemoteError || error instanceof TimeoutError || error instanceof ChannelClosedError;
}

/**
 * Puts the place in the local program that an error is told to into its stack, instead of our own frames; once. `below` is the function of ours
 * that the frames are to stand above. To be called where the program called us, or in a handler of a promise that the program awaits: engines
 * with asynchronous stacks (V8) then know who awaits it. Where they don't the stack stays as it is.
 */
export function atCaller<E>(error: E, below: (...args: never[]) => unknown): E {
  if (!isOurs(error) || shown.has(error)) return error;
  const frames = framesAbove(below);
  if (frames.length === 0) return error;
  shown.add(error);
  const stack = error.stack ?? '';
  const at = stack.indexOf(LOCAL_STACK);
  const head = error instanceof RemoteError ? stack.slice(0, at + LOCAL_STACK.length) : String(error);
  error.stack = [head, ...frames].join('\n');
  return error;
}

/** The lines of the stack above `below`, as the engine writes them. */
export function framesAbove(below: (...args: never[]) => unknown): string[] {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, below);
  return (holder.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
}

/** How a promise is settled. */
interface Settle {
  resolve(value: Promise<never>): void;
  reject(error: unknown): void;
}

/** Rejects a promise so that the stack of an error of ours names who awaits it; that takes a few microtasks more. */
export function rejectAtCaller(error: unknown, { resolve, reject }: Settle): void {
  if (!isOurs(error)) {
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
