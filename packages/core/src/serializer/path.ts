/** A step into a Map or Set, for which JavaScript has no syntax; one object serves all entries of its container. */
export interface EntryStep {
  at: 'key' | 'value' | 'item';
  index: number;
  key: unknown;
}

/** A step from a container to what it holds: a property name, an array index, or an entry. */
export type Step = string | number | EntryStep;

/** Of a longer path this many steps are shown from either end: a hopelessly deep value is recognised by them. */
const MAX_STEPS = 16;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** The way to a value as JavaScript would write it: `$.users[3].save`, `$.index.get("a")`, `$<item 2>`. */
export function formatPath(steps: readonly Step[], length: number): string {
  let path = '$';
  for (let i = 0; i < length; i++) {
    if (i === MAX_STEPS && length > 2 * MAX_STEPS) {
      path += ` … ${length - 2 * MAX_STEPS} more … `;
      i = length - MAX_STEPS;
    }
    path += formatStep(steps[i] as Step);
  }
  return path;
}

function formatStep(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'string') return IDENTIFIER.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  if (step.at !== 'value') return `<${step.at} ${step.index}>`;
  const { key } = step;
  if (typeof key === 'string') return `.get(${JSON.stringify(key)})`;
  return typeof key === 'number' || typeof key === 'boolean' ? `.get(${key})` : `<value ${step.index}>`;
}

/** A short name for a value in an error message: `a function "save"`, `an instance of Foo`. Never throws. */
export function nameOf(value: unknown): string {
  try {
    if (typeof value === 'function') return `a function${value.name ? ` "${value.name}"` : ''}`;
    if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
    const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null;
    const name = prototype?.constructor?.name;
    return typeof name === 'string' && name !== ''
      ? `an instance of ${name}`
      : 'an object with a prototype of its own';
  } catch {
    return 'an object that can not be inspected';
  }
}
