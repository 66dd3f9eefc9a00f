import { runInNewContext } from 'node:vm';

/** What the language itself has as globals, and no more: to look at one of the host's may load a module. @type {string[]} */
const builtins = runInNewContext('Object.getOwnPropertyNames(globalThis)').filter(
  (/** @type {string} */ name) =>
    !['globalThis', 'undefined', 'NaN', 'Infinity', 'eval', 'console'].includes(name),
);

/**
 * A script as a function body in which the builtins have the values that they have when it begins: what other code of the same thread replaces or deletes later
 * does not reach it.
 *
 * @param {string} script
 */
export function withOwnBuiltins(script) {
  const used = builtins.filter((name) => new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(script));
  return `"use strict";const{${used.join()}}=globalThis;${script}`;
}
