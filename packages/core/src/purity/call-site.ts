/**
 * The file of the code that called `below`, as the runtime loaded it: not led back to an original by a source map, since `locateFunction` does
 * that. Undefined where it is no file, and where `below` is no longer on the stack: JavaScriptCore drops the frame of a call in tail position.
 * Costs a stack trace, some 10 µs.
 */
export function callSiteFile(below: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(holder, below);
    const [site] = holder.stack as (NodeJS.CallSite | undefined)[];
    const file = site?.getFileName?.();
    return typeof file === 'string' && /^(\/|file:)/.test(file) ? file : undefined;
  } catch {
    return undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
