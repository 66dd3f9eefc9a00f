/** An array of arguments that takes so much of the stack. */
const filling = (kib: number): undefined[] => Array<undefined>(kib * 128).fill(undefined);

/** What one step takes at most, down to a system call, on every engine. */
const STEP = filling(8);

/** What a call takes in which there are such steps. */
const CALL = filling(12);

/** What it takes as long as functions on its way may not have been compiled: V8 compiles none with less than 40 KiB. */
const COLD = filling(64);

const nothing = (): void => {};
const { apply } = Reflect;

/** So many times more functions may be met that were not compiled. */
let cold = 100;

/**
 * Throws the engine's own error for a stack that is used up, if it nearly is. Code that calls itself without end meets that error in the deepest function, which
 * is one of ours when it sends or receives on the way: so a step that must not be cut in two asks before it begins. Takes half a microsecond, which is too much
 * for each small item.
 */
export function needStack(): void {
  need(STEP);
}

/** The same for what must not stop between two such steps. */
export function needStackForCall(): void {
  need(CALL);
}

function need(room: undefined[]): void {
  apply(nothing, undefined, cold > 0 ? COLD : room);
  if (cold > 0) cold--;
}

/** The error of an engine for a stack that is used up: V8 and JavaScriptCore say the same. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack size exceeded');
}
