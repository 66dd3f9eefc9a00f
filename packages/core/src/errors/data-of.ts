/** Bounds of a copy: it travels in one frame, beside the items of its channel. */
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_LENGTH = 16_384;

/** A copy of a value, as far as it is data; what is not is there as a text that shows it. What is too long, or too deep, is cut. Never throws. */
export function dataOf(value: unknown, depth = 0): unknown {
  try {
    switch (typeof value) {
      case 'string':
        return value.slice(0, MAX_LENGTH);
      case 'function':
      case 'symbol':
        return String(value).slice(0, MAX_LENGTH);
      case 'object':
        return value === null ? null : ofObject(value, depth);
      default:
        return value;
    }
  } catch {
    return 'a value that can not be read';
  }
}

function ofObject(value: object, depth: number): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value.subarray(0, MAX_LENGTH));
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return new Date(value.getTime());
  const isArray = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  // that of a plain object has nothing above it, in whatever realm
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if ((!isArray && !isPlain) || depth >= MAX_DEPTH) return String(value);
  if (isArray) return value.slice(0, MAX_ITEMS).map((item) => dataOf(item, depth + 1));
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, dataOf(item, depth + 1)]));
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
