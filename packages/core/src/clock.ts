/**
 * The clock of this program, taken when the module is loaded. Tests of users replace the global one by a clock that only goes on when it is told to, and that
 * would hold up everything here that waits.
 */

type Globals = typeof globalThis;

const { performance: original } = globalThis;

export const setTimeout: Globals['setTimeout'] = globalThis.setTimeout;
export const clearTimeout: Globals['clearTimeout'] = globalThis.clearTimeout;
export const setInterval: Globals['setInterval'] = globalThis.setInterval;
export const clearInterval: Globals['clearInterval'] = globalThis.clearInterval;
export const queueMicrotask: Globals['queueMicrotask'] = globalThis.queueMicrotask;

/** The time since some moment, in milliseconds. */
export const performance: { now(): number } = { now: original.now.bind(original) };

// Deno makes `setImmediate` when it is first looked at, which takes it 4 ms
const { value, get } = Object.getOwnPropertyDescriptor(globalThis, 'setImmediate') ?? {};
let immediate = value as Globals['setImmediate'] | undefined;

// not by the name of the global, which it would be in a program that is evaluated as a script
function defer<Args extends unknown[]>(work: (...args: Args) => void, ...args: Args): void {
  // Jest with jsdom has no such global
  immediate ??= (get?.call(globalThis) ??
    process.getBuiltinModule('node:timers').setImmediate) as Globals['setImmediate'];
  immediate(work, ...args);
}

export { defer as setImmediate };
