/**
 * What MessagePack has no type for travels as an array whose first element is the byte 0xc1, which MessagePack never uses,
 * and whose second is one of these numbers: `[0xc1, Tag.Map, key, value, …]`. A message that holds any of them, or large
 * bytes, begins with one more 0xc1. Extension types are not used: msgpackr keeps them in one table for the whole program.
 */
export const Tag = {
  Undefined: 0,
  /** An empty slot of an array. */
  Hole: 1,
  /** `number`: an object that came before, counted from 0 in the order in which they begin. */
  Reference: 2,
  /** `negative, hexadecimal digits`: a bigint beyond 64 bits. */
  BigInt: 3,
  /** `bytes`: a string that UTF-8 can't carry, or that begins with a byte order mark, as UTF-16LE. */
  Utf16: 4,
  /** `key, value, …`: an object with a key that MessagePack readers don't keep. */
  Object: 5,
  /** `length, key, value, …`: an array with few elements for its length, or with named properties. */
  Array: 6,
  Map: 7,
  Set: 8,
  /** `milliseconds` or NaN. */
  Date: 9,
  /** `source, flags`. */
  RegExp: 10,
  /** `class, message or undefined, stack, own properties, hidden properties`. */
  Error: 11,
  /** `primitive`: a Number, String, Boolean or BigInt object. */
  Boxed: 12,
  /** `bytes, maxByteLength?`. */
  ArrayBuffer: 13,
  /** `bytes`. */
  DataView: 14,
  /** `class, bytes`, little-endian. */
  TypedArray: 15,
  /** `id`. */
  Channel: 16,
  Tuple: 17,
  FrozenSet: 18,
  /** `real, imaginary`. */
  Complex: 19,
  /** `number`. */
  Float: 20,
} as const;

export type Tag = (typeof Tag)[keyof typeof Tag];

/** The byte that MessagePack never uses. */
export const MARK = 0xc1;

/** Typed arrays other than Uint8Array, by the number that stands for their class; the order is part of the format. */
export const TYPED_ARRAYS: readonly string[] = [
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

/** Error classes that arrive as themselves. */
export const ERRORS: readonly string[] = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
  'DOMException',
];
