/** Bounds of a copy: it travels in one frame, beside the items of its channel. */
const MAX_DEPTH = 16;
const MAX_ITEMS = 100;
const MAX_VALUES = 1000;
const MAX_LENGTH = 16_384;

/** A copy of a value, as far as it is data; what is not is there as a text that shows it. What is too long, too much or too deep, is cut. Never throws. */
export function dataOf(value: unknown): unknown {
  return new Copy().of(value, 0);
}

/** The properties of an object with these names, each as far as it is data. */
export function propertiesAsData(object: object, names: readonly string[]): Record<string, unknown> {
  return new Copy(object).properties(object, names, 0);
}

class Copy {
  #left = MAX_VALUES;
  /** The errors that hold what is copied. */
  readonly #around: object[];

  constructor(...around: object[]) {
    this.#around = around;
  }

  of(value: unknown, depth: number): unknown {
    this.#left--;
    try {
      switch (typeof value) {
        case 'string':
          return cut(value);
        case 'function':
        case 'symbol':
          return shown(value);
        case 'object':
          return value === null ? null : this.#object(value, depth);
        default:
          return value;
      }
    } catch {
      return UNREADABLE;
    }
  }

  properties(object: object, names: readonly string[], depth: number): Record<string, unknown> {
    // so that every name is an ordinary one, and what code has given to all objects is not there
    const copy = Object.create(null) as Record<string, unknown>;
    for (const name of names.slice(0, MAX_ITEMS)) {
      if (this.#left <= 0) break;
      let value: unknown = UNREADABLE;
      try {
        value = (object as Record<string, unknown>)[name];
      } catch {
        // a getter that throws
      }
      copy[name] = this.of(value, depth + 1);
    }
    return copy;
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Uint8Array) return Uint8Array.from(value.subarray(0, MAX_LENGTH));
    if (value instanceof ArrayBuffer) return value.slice(0, MAX_LENGTH);
    if (ArrayBuffer.isView(value) && 'slice' in value) return (value as Float64Array).slice(0, MAX_ITEMS);
    if (value instanceof Date) return new Date(value.getTime());
    if (depth >= MAX_DEPTH || this.#left <= 0) return shown(value);
    if (Array.isArray(value)) return this.#items(value, depth);
    if (value instanceof Set) return new Set(this.#items(value, depth));
    if (value instanceof Map) return new Map(this.#items(value, depth) as (readonly [unknown, unknown])[]);
    const names = Object.keys(value);
    if (value instanceof Error) return this.#error(value, names, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    // that of a plain object has nothing above it, in whatever realm
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (isPlain || names.length > 0) return this.properties(value, names, depth);
    const text = shown(value);
    if (!text.startsWith('[object ')) return text;
    const told = attributesOf(value);
    return told.length > 0 ? this.properties(value, told, depth) : text;
  }

  #error(error: Error, names: readonly string[], depth: number): unknown {
    if (this.#around.includes(error)) return shown(`${error.name}: ${error.message}`);
    this.#around.push(error);
    const copy = this.properties(error, [...new Set(['name', 'message', 'stack', ...names])], depth);
    this.#around.pop();
    return copy;
  }

  #items(values: Iterable<unknown>, depth: number): unknown[] {
    const copies: unknown[] = [];
    for (const value of values) {
      if (copies.length === MAX_ITEMS || this.#left <= 0) break;
      copies.push(this.of(value, depth + 1));
    }
    return copies;
  }
}

/** What an object of the web (`Response`, `Event`) tells of itself, in getters of its class that can be listed: those that give no objects. */
function attributesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) {
    const value: unknown = (object as Record<string, unknown>)[name];
    // constants of the class (`Event.AT_TARGET`) say nothing of this one
    if (Object(value) !== value && name !== name.toUpperCase()) names.push(name);
  }
  return names;
}

const UNREADABLE = 'a value that can not be read';

function shown(value: unknown): string {
  return cut(String(value));
}

/** Keeps both ends: a long output often has its reason at the end. */
function cut(text: string): string {
  const left = text.length - MAX_LENGTH;
  if (left <= 0) return text;
  return `${text.slice(0, MAX_LENGTH / 2)}\n… ${left} characters left out …\n${text.slice(-MAX_LENGTH / 2)}`;
}

/** How much of a value is shown in a message. */
const SHOWN = 200;

/** A value in a message: `{"status":3}`. */
export function shortly(value: unknown): string {
  let text: string | undefined;
  try {
    if (typeof value === 'object')
      text = JSON.stringify(dataOf(value), (_, item: unknown) => {
        if (typeof item === 'bigint') return String(item);
        return item instanceof Map || item instanceof Set ? [...item] : item;
      });
  } catch {
    // it holds what JSON has no words for
  }
  text ??= String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text;
}
