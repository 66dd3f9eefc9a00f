/** As it is when this is loaded: tests and polyfills replace it, and take it away. */
const { captureStackTrace } = Error;

/** Gives `holder` the stack above `below`, where the engine has such. */
export function captureStack(
  holder: { stack?: unknown },
  below: ((...args: never[]) => unknown) | (new (...args: never[]) => unknown),
): void {
  captureStackTrace?.(holder, below);
}

/** The stack above `below`, to be read later if at all. */
export function stackAbove(below: (...args: never[]) => unknown): { readonly stack?: unknown } {
  const holder = {};
  captureStack(holder, below);
  return holder;
}

/** The lines of a stack that are frames, as the engine writes them. */
export function framesOf(holder: { readonly stack?: unknown }): string[] {
  let stack: unknown;
  try {
    // the program may have them in another form, or fail to (Error.prepareStackTrace)
    ({ stack } = holder);
  } catch {
    return [];
  }
  const lines = typeof stack === 'string' ? stack.split('\n') : [];
  return lines.filter((line) => /^\s+at (?!.*\bprocessTicksAndRejections )/.test(line));
}

/**
 * Until somebody reads the stack of an error, V8 holds what its frames were called on: the channel, in the error that a channel has ended with. What is behind
 * a channel would keep it from being collected.
 */
export function withoutReceivers<T>(error: T): T {
  try {
    void (error as Error | null)?.stack;
  } catch {
    // a stack of the user's making
  }
  return error;
}

/** It holds what the frames of an error were called on for as long as there is the error, whoever has read its stack. */
const HOLDS_RECEIVERS = 'Deno' in globalThis;

/**
 * Where {@link withoutReceivers} is not enough: has the error that is made next get no frames of its own, until the result is called, which gives it those
 * above `below` as a text. Elsewhere undefined.
 */
export function withoutFrames(below: new (...args: never[]) => Error): ((error: Error) => void) | undefined {
  if (!HOLDS_RECEIVERS) return undefined;
  const holder: { stack?: unknown } = {};
  captureStack(holder, below);
  const frames = framesOf(holder);
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    // frozen
    return undefined;
  }
  return (error) => {
    Error.stackTraceLimit = limit;
    error.stack = [`Error: ${error.message}`, ...frames].join('\n');
  };
}
