/** The stack above `below`, to be read later if at all. */
export function stackAbove(below: (...args: never[]) => unknown): { readonly stack?: unknown } {
  const holder = {};
  Error.captureStackTrace(holder, below);
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
