/** So deep behind wrappers of its author's own may stand the code that names the function. */
const MAX_FRAMES = 8;

/**
 * The files of the code that called `below`, the nearest first, as the runtime loaded them: not led back to originals by a source map, since
 * `locateFunction` does that. Empty where `below` is no longer on the stack: JavaScriptCore drops the frame of a call in tail position.
 * Costs a stack trace, some 20 µs.
 */
export function callSiteFiles(below: (...args: never[]) => unknown): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, below);
    const files = (holder.stack as NodeJS.CallSite[]).map((site) => site.getFileName?.());
    return [...new Set(files)].filter(
      (file) => typeof file === 'string' && /^(\/|file:)/.test(file),
    ) as string[];
  } catch {
    return [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
