import { ByteWriter } from './byte-writer.ts';
import { isWellFormed } from './utf8.ts';

/** The keys of plain objects that look alike, with what is written for them. */
export interface Shape {
  readonly keys: readonly string[];
  /** The keys, each as MessagePack writes it. */
  readonly encoded: readonly Uint8Array[];
  /** The message that `seen` and `record` are about. */
  message: number;
  /** How many objects of this shape the message holds so far. */
  seen: number;
  /** The record id of this shape in the message; 0 for none yet. */
  record: number;
}

/** Objects with more keys are dictionaries rather than records. */
export const MAX_RECORD_KEYS = 32;

/** Bounds what a program with ever new keys makes the cache hold: some 256 × 32 short strings. */
const MAX_SHAPES = 256;

/** A longer key is not worth keeping. */
const MAX_KEY_LENGTH = 64;

/** Whether MessagePack readers give back this key as it is: msgpackr renames `__proto__`, and UTF-8 has its limits. */
export function isPlainKey(key: string): boolean {
  return key !== '__proto__' && key.charCodeAt(0) !== 0xfeff && isWellFormed(key);
}

/**
 * Finds the shape of an object by its keys. Kept across messages, as a matter of speed only: what a message says never
 * depends on those before it.
 */
export class ShapeCache {
  readonly #byFirstKey = new Map<string, Shape[]>();
  #size = 0;

  /** The shape with these keys (at least one), or `undefined` where they are none that is worth to be kept. */
  find(keys: readonly string[]): Shape | undefined {
    const list = this.#byFirstKey.get(keys[0] as string);
    if (list === undefined) return this.#add(keys);
    const count = keys.length;
    for (const shape of list) {
      const known = shape.keys;
      if (known.length !== count) continue;
      let i = 1;
      while (i < count && known[i] === keys[i]) i++;
      if (i === count) return shape;
    }
    return this.#add(keys);
  }

  #add(keys: readonly string[]): Shape | undefined {
    if (keys.length > MAX_RECORD_KEYS) return undefined;
    for (const key of keys) if (key.length > MAX_KEY_LENGTH || !isPlainKey(key)) return undefined;
    if (this.#size >= MAX_SHAPES) {
      this.#byFirstKey.clear();
      this.#size = 0;
    }
    this.#size += 1;
    const shape = { keys, encoded: keys.map(encodeKey), message: 0, seen: 0, record: 0 };
    const list = this.#byFirstKey.get(keys[0] as string);
    if (list) list.push(shape);
    else this.#byFirstKey.set(keys[0] as string, [shape]);
    return shape;
  }
}

const keyWriter = new ByteWriter(Number.MAX_SAFE_INTEGER);

function encodeKey(key: string): Uint8Array {
  keyWriter.pos = 0;
  keyWriter.reserve(MAX_KEY_LENGTH * 3);
  const size = keyWriter.utf8(key);
  const text = keyWriter.bytes.subarray(0, size);
  return size < 32 ? Uint8Array.of(0xa0 | size, ...text) : Uint8Array.of(0xd9, size, ...text);
}
