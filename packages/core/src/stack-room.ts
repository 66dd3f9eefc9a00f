/** One step takes at most so much, down to a system call, on every engine; in KiB. */
const STEP = 8;

/** A call in which there are such steps takes this. */
const CALL = 12;

/** V8 compiles a function when it is first called, and compiles none with less than 40 KiB. */
const COMPILING = 44;

/** So many calls pass before what they call counts as compiled: the first ones do not go the same way. */
const FIRST_CALLS = 20;

const nothing = (): void => {};
const { apply } = Reflect;

/**
 * A check, for one place, that throws the engine's own error for a stack that is used up, if it nearly is. Code that calls itself without end meets that error in the
 * deepest function, which is one of ours when it sends or receives on the way: so what must not be cut in two asks before it begins. 12 KiB take half a
 * microsecond, which is too much for each small item.
 */
function stackCheck(kib: number, firstCalls: number = FIRST_CALLS): () => void {
  let cold = firstCalls;
  let room: undefined[] | undefined;
  return () => {
    room ??= Array<undefined>((kib + (cold > 0 ? COMPILING : 0)) * 128).fill(undefined);
    apply(nothing, undefined, room);
    if (cold > 0 && --cold === 0) room = undefined;
  };
}

/** Before one step. */
export const checkForStep = (): (() => void) => stackCheck(STEP);

/** Before what must not stop between such steps. */
export const checkForCall = (): (() => void) => stackCheck(CALL);

/** Before frames are handled, which go so many ways that some function may always be called for the first time. */
export const checkForFrames = (): (() => void) => stackCheck(CALL, Number.POSITIVE_INFINITY);

/** The error of an engine for a stack that is used up: V8 and JavaScriptCore say the same. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded');
}
