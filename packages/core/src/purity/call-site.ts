import { fileURLToPath } from 'node:url';
import { captureStack } from '../errors/index.ts';

/** So deep behind wrappers of its author's own may stand the code that names the function. */
const MAX_FRAMES = 8;
/** Frames of this package between the user's call and here, with some to spare. */
const OWN_FRAMES = 8;

/** A file in the text of a stack: `at work (file:///home/me/job.js:3:5)`. */
const FILE_IN_STACK = /(?:\(|at (?:async )?)((?:file:\/\/|\/).*):\d+:\d+\)?$/gm;

/** The folder of this package's modules; what is bundled as CommonJS has no URL, and no folder of its own. */
const own: string | undefined = import.meta.url && fileURLToPath(new URL('..', import.meta.url));

/**
 * The files of the code that called `below`, the nearest first, as the runtime loaded them: not led back to originals by a source map, since
 * `locateFunction` does that. Where `below` is not on the stack any more, because JavaScriptCore drops the frame of a call in tail position,
 * those outside of this package. Costs a stack trace, some 20 µs.
 */
export function callSiteFiles(below: (...args: never[]) => unknown): string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // where intrinsics are frozen it stays as it is, and stacks are texts
    Reflect.set(Error, 'prepareStackTrace', (_: Error, sites: NodeJS.CallSite[]) => sites);
    const files = filesOf(below, MAX_FRAMES);
    return files.length > 0
      ? files
      : filesOf(callSiteFiles, MAX_FRAMES + OWN_FRAMES).filter((file) => !own || !file.includes(own));
  } catch {
    return [];
  } finally {
    Reflect.set(Error, 'prepareStackTrace', prepareStackTrace);
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

/** Each file once; what is no file is left out. */
function filesOf(below: (...args: never[]) => unknown, frames: number): string[] {
  const holder: { stack?: unknown } = {};
  Reflect.set(Error, 'stackTraceLimit', frames);
  captureStack(holder, below);
  const stack = holder.stack as string | NodeJS.CallSite[];
  const files =
    typeof stack === 'string'
      ? [...stack.matchAll(FILE_IN_STACK)].map(([, file]) => file)
      : stack.map((site) => site.getFileName?.());
  return [...new Set(files)].filter(
    (file): file is string => typeof file === 'string' && /^(\/|file:)/.test(file),
  );
}
