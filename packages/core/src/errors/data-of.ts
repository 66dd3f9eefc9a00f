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
  return new Copy().properties(object, names, 0);
}

class Copy {
  #left = MAX_VALUES;

  of(value: unknown, depth: number): unknown {
    this.#left--;
    try {
      switch (typeof value) {
        case 'string':
          return value.slice(0, MAX_LENGTH);
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
    if (value instanceof Error) return shown(`${value.name}: ${value.message}`);
    if (value instanceof Date) return new Date(value.getTime());
    const isArray = Array.isArray(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    // that of a plain object has nothing above it, in whatever realm
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if ((!isArray && !isPlain) || depth >= MAX_DEPTH || this.#left <= 0) return shown(value);
    if (!isArray) return this.properties(value, Object.keys(value), depth);
    return value.slice(0, Math.min(MAX_ITEMS, this.#left)).map((item) => this.of(item, depth + 1));
  }
}

const UNREADABLE = 'a value that can not be read';

function shown(value: unknown): string {
  return String(value).slice(0, MAX_LENGTH);
}

/** How much of a value is shown in a message. */
const SHOWN = 200;

/** A value in a message: `{"status":3}`. */
export function shortly(value: unknown): string {
  let text: string | undefined;
  try {
    if (typeof value === 'object')
      text = JSON.stringify(dataOf(value), (_, item: unknown) =>
        typeof item === 'bigint' ? String(item) : item,
      );
  } catch {
    // it holds what JSON has no words for
  }
  text ??= String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text;
}
