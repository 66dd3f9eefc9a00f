/** The key of the positional arguments among those by keyword: no name of Python's. */
const POSITIONAL = '*';

/**
 * Checks the arguments of a function: an object or a Map holds keyword arguments, and under `*` an array of positional ones; an array positional ones, nothing
 * means none. Anything else is a TypeError.
 */
export function checkArguments(name: string, args: unknown): void {
  if (args === undefined || args === null || Array.isArray(args)) return;
  if (args instanceof Map) {
    for (const key of args.keys())
      if (typeof key !== 'string') throw refusal(name, 'a Map with keys that are no strings');
    checkPositional(name, args.get(POSITIONAL));
    return;
  }
  const prototype: unknown = typeof args === 'object' ? Object.getPrototypeOf(args) : args;
  if (prototype !== null && prototype !== Object.prototype)
    throw refusal(name, typeof args === 'object' ? `an instance of ${args.constructor?.name}` : typeof args);
  checkPositional(name, (args as Record<string, unknown>)[POSITIONAL]);
}

function checkPositional(name: string, args: unknown): void {
  if (args !== undefined && !Array.isArray(args))
    throw refusal(name, `an object whose '*', the positional ones, is no array`);
}

function refusal(name: string, found: string): TypeError {
  return new TypeError(
    `the arguments of ${name} are an array (positional) or an object (by keyword), not ${found}; a single one is [value]`,
  );
}
