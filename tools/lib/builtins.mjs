import { runInNewContext } from 'node:vm';

/** What the language itself has as globals, and no more: to look at one of the host's may load a module. @type {string[]} */
const builtins = runInNewContext('Object.getOwnPropertyNames(globalThis)').filter(
  (/** @type {string} */ name) =>
    !['globalThis', 'undefined', 'NaN', 'Infinity', 'eval', 'console'].includes(name),
);

/**
 * A script as a function body in which the names of builtins have the values that they have when it begins, although other code of the same thread gives the
 * globals other values later, or deletes them. What that code does to the builtins themselves, to `Array.prototype` for instance, does reach the script.
 *
 * @param {string} script
 */
export function withOwnBuiltins(script) {
  const used = builtins.filter((name) => new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(script));
  return `"use strict";const{${used.join()}}=globalThis;${script}`;
}
