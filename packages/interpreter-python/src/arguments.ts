/**
 * Checks the arguments of a function: an object or a Map holds keyword arguments, an array positional ones, nothing means none. Anything else is a
 * TypeError.
 */
export function checkArguments(name: string, args: unknown): void {
  if (args === undefined || args === null || Array.isArray(args)) return;
  if (args instanceof Map) {
    for (const key of args.keys())
      if (typeof key !== 'string') throw refusal(name, 'a Map with keys that are no strings');
    return;
  }
  const prototype: unknown = typeof args === 'object' ? Object.getPrototypeOf(args) : args;
  if (prototype !== null && prototype !== Object.prototype)
    throw refusal(name, typeof args === 'object' ? `an instance of ${args.constructor?.name}` : typeof args);
}

function refusal(name: string, found: string): TypeError {
  return new TypeError(
    `the arguments of ${name} are an array (positional) or an object (by keyword), not ${found}; a single one is [value]`,
  );
}
