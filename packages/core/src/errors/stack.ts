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
