import { CancelledError, ChannelClosedError } from './errors.ts';
import { ExecnetError } from './execnet-error.ts';
import { LOCAL_STACK, RemoteError } from './remote-error.ts';
import { framesOf, stackAbove } from './stack.ts';

/** An error may be told to several who wait: those it was told to, as frames. */
const shown = new WeakMap<Error, Set<string>>();

/** The engine knows who awaits a promise, and says so in stacks. JavaScriptCore does not. */
export const ASYNCHRONOUS_STACKS: boolean = !('bun' in process.versions);

/** More callers than that are not named. */
const MAX_CALLERS = 4;

/** That a channel has ended is none: each iteration comes to that, and a stack takes half as long as an execution. */
function isFailure(error: unknown): error is ExecnetError {
  return (
    error instanceof ExecnetError &&
    !(error instanceof ChannelClosedError) &&
    !(error instanceof CancelledError)
  );
}

/**
 * Puts the place in the local program that a failure is told to into its stack, instead of our own frames. `below` is the function of ours
 * that the frames are to stand above. To be called where the program called us, or in a handler of a promise that the program awaits: engines
 * with asynchronous stacks (V8) then know who awaits it. Where they don't the stack stays as it is.
 */
export function atCaller<E>(error: E, below: (...args: never[]) => unknown): E {
  if (!isFailure(error)) return error;
  const others = shown.get(error) ?? new Set();
  if (others.size === MAX_CALLERS) return error;
  const frames = framesOf(stackAbove(below)).join('\n');
  if (frames === '' || others.has(frames)) return error;
  shown.set(error, others.add(frames));
  const stack = error.stack ?? '';
  if (others.size > 1) error.stack = `${stack}\n    --- and ---\n${frames}`;
  else if (error instanceof RemoteError)
    error.stack = `${stack.split(`\n${LOCAL_STACK}`)[0]}\n${LOCAL_STACK}\n${frames}`;
  else error.stack = `${String(error)}\n${frames}`;
  return error;
}

/** The two ways to settle a promise. */
interface Settle {
  resolve(value: Promise<never>): void;
  reject(error: unknown): void;
}

/** Rejects a promise so that the stack of a failure names who awaits it; that takes a few microtasks more. */
export function rejectAtCaller(error: unknown, { resolve, reject }: Settle): void {
  if (!ASYNCHRONOUS_STACKS || !isFailure(error)) {
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
