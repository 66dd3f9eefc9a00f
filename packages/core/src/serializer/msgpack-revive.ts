import { LoadError } from '../errors/index.ts';
import { Complex } from './complex.ts';
import { Float } from './float.ts';
import { FrozenSet } from './frozen-set.ts';
import { ERRORS, Tag, TYPED_ARRAYS } from './msgpack-tags.ts';
import { Tuple } from './tuple.ts';
import { type ChannelCodec, LARGE_BYTES } from './types.ts';

/** What stands for an empty slot until its array has it. */
const HOLE: unique symbol = Symbol('hole') as never;

type Global = Record<string, (new (...args: unknown[]) => unknown) | undefined>;
const globals = globalThis as unknown as Global;

/**
 * Turns what msgpackr read of a marked message into the values that its tags stand for, in place.
 * Walks in the order in which the encoder wrote, as references count in it.
 */
export class Reviver {
  readonly #mark: unknown;
  readonly #channels: ChannelCodec | undefined;
  readonly #objects: unknown[] = [];

  /** `mark`: what msgpackr makes of the byte 0xc1. */
  constructor(mark: unknown, channels: ChannelCodec | undefined) {
    this.#mark = mark;
    this.#channels = channels;
  }

  /** The value that `read` stands for. Fails with a `LoadError`, or any error that a builtin class throws on bad arguments. */
  revive(read: unknown): unknown {
    const value = this.#slot(read);
    if (value === HOLE) throw new LoadError('an empty slot is outside of an array');
    return value;
  }

  #slot(read: unknown): unknown {
    if (typeof read !== 'object' || read === null) return read;
    if (Array.isArray(read)) {
      if (read.length > 0 && read[0] === this.#mark) return this.#tagged(read);
      this.#objects.push(read);
      this.#items(read, read, 0);
      return read;
    }
    if (read instanceof Uint8Array) {
      const bytes = read.length < LARGE_BYTES ? read.slice() : read;
      this.#objects.push(bytes);
      return bytes;
    }
    if (read === this.#mark) throw new LoadError('the byte 0xc1 appears outside of a tag');
    this.#objects.push(read);
    const object = read as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (typeof value === 'object' && value !== null) object[key] = this.revive(value);
    }
    return object;
  }

  /** Revives `from[skip]`… into `to[0]`…; the two may be one array. */
  #items(from: readonly unknown[], to: unknown[], skip: number): void {
    for (let i = skip; i < from.length; i++) {
      const item = this.#slot(from[i]);
      if (item === HOLE) {
        to.length = Math.max(to.length, i - skip + 1);
        Reflect.deleteProperty(to, i - skip);
      } else {
        to[i - skip] = item;
      }
    }
  }

  #begin<T>(value: T): T {
    this.#objects.push(value);
    return value;
  }

  #tagged(read: unknown[]): unknown {
    const [, tag, first, second] = read;
    switch (tag as Tag) {
      case Tag.Undefined:
        return undefined;
      case Tag.Hole:
        return HOLE;
      case Tag.Reference: {
        const index = integer(first);
        if (index >= this.#objects.length)
          throw new LoadError(`a reference to object ${index}, which has not begun yet`);
        return this.#objects[index];
      }
      case Tag.BigInt: {
        const digits = text(second);
        if (typeof first !== 'boolean' || !/^[0-9a-f]+$/.test(digits)) throw bad('bigint');
        const value = BigInt(`0x${digits}`);
        return first ? -value : value;
      }
      case Tag.Utf16:
        return utf16(bytes(first));
      case Tag.Object:
        return this.#pairs(this.#begin({}), read, 2);
      case Tag.Array: {
        const length = integer(first);
        const array = this.#begin<unknown[]>([]);
        array.length = length;
        this.#pairs(array, read, 3);
        if (array.length !== length) throw bad('array');
        return array;
      }
      case Tag.Map: {
        if (read.length % 2 !== 0) throw bad('Map');
        const map = this.#begin(new Map());
        for (let i = 2; i < read.length; i += 2) {
          const key = this.revive(read[i]);
          map.set(key, this.revive(read[i + 1]));
        }
        return map;
      }
      case Tag.Set:
      case Tag.FrozenSet: {
        const set = this.#begin(tag === Tag.Set ? new Set() : new FrozenSet());
        for (let i = 2; i < read.length; i++) set.add(this.revive(read[i]));
        return set;
      }
      case Tag.Tuple: {
        const tuple = this.#begin(new Tuple<unknown[]>());
        for (let i = 2; i < read.length; i++) tuple.push(this.revive(read[i]));
        return tuple;
      }
      case Tag.Date:
        return this.#begin(new Date(number(first)));
      case Tag.RegExp:
        return this.#begin(new RegExp(text(this.revive(first)), text(second)));
      case Tag.Error:
        return this.#error(read);
      case Tag.Boxed: {
        const value = this.revive(first);
        if (typeof value === 'object' || value === undefined) throw bad('boxed primitive');
        return this.#begin(Object(value));
      }
      case Tag.ArrayBuffer:
        return this.#begin(arrayBuffer(bytes(first), second));
      case Tag.DataView:
        return this.#begin(new DataView(copy(bytes(first))));
      case Tag.TypedArray:
        return this.#begin(typedArray(TYPED_ARRAYS[integer(first)], bytes(second)));
      case Tag.Channel:
        if (this.#channels === undefined)
          throw new LoadError('a channel is in a value that belongs to no gateway');
        return this.#begin(this.#channels.fromId(integer(first)));
      case Tag.Complex:
        return this.#begin(new Complex(number(first), number(second)));
      case Tag.Float:
        return this.#begin(new Float(number(first)));
      default:
        throw new LoadError(`the tag ${String(tag)} is unknown`);
    }
  }

  /** Revives alternating keys and values from `read[from]` on into properties of `target`. */
  #pairs<T extends object>(target: T, read: readonly unknown[], from: number, enumerable = true): T {
    if ((read.length - from) % 2 !== 0) throw bad('list of properties');
    for (let i = from; i < read.length; i += 2) {
      const key = text(this.revive(read[i]));
      const value = this.revive(read[i + 1]);
      // Defined, not assigned: `__proto__` is a key like any other.
      Object.defineProperty(target, key, { value, configurable: true, enumerable, writable: true });
    }
    return target;
  }

  #error(read: readonly unknown[]): unknown {
    const [, , kind, message, stack, properties, hidden] = read;
    const name = ERRORS[integer(kind)];
    if (name === undefined || !Array.isArray(properties) || !Array.isArray(hidden)) throw bad('error');
    const error = this.#begin(makeError(name, this.revive(message), hidden));
    const trace = this.revive(stack);
    const rest = { configurable: true, enumerable: false, writable: true };
    if (name !== 'DOMException' || trace !== undefined)
      Object.defineProperty(error, 'stack', { ...rest, value: trace });
    this.#pairs(error, properties, 0);
    // The name and code of a DOMException are its class's to say.
    this.#pairs(error, name === 'DOMException' ? [] : hidden, 0, false);
    return error;
  }
}

/** A new error without a stack of this end's. */
function makeError(name: string, message: unknown, hidden: readonly unknown[]): Error {
  const stackTraceLimit = Error.stackTraceLimit;
  // not by an assignment, which throws where intrinsics are frozen
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    if (message !== undefined) text(message);
    if (name === 'DOMException') return new DOMException(message as string, text(hidden[1]));
    const Class = globals[name] as unknown as new (...args: unknown[]) => Error;
    const args = message === undefined ? [] : [message];
    if (name !== 'AggregateError') return new Class(...args);
    const error = new Class([], ...args);
    delete (error as { errors?: unknown }).errors;
    return error;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

function bad(what: string): LoadError {
  return new LoadError(`the parts of a tagged ${what} are not what they should be`);
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw bad('number');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw bad('number');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw bad('string');
  return value;
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw bad('byte array');
  return value;
}

function copy(data: Uint8Array): ArrayBuffer {
  return data.slice().buffer;
}

function utf16(data: Uint8Array): string {
  if (data.length % 2 !== 0) throw bad('string');
  let result = '';
  const units: number[] = [];
  for (let i = 0; i < data.length; i += 2) {
    units.push((data[i] as number) | ((data[i + 1] as number) << 8));
    // Few enough to be the arguments of one call.
    if (units.length === 4096 || i + 2 === data.length) result += String.fromCharCode(...units.splice(0));
  }
  return result;
}

function arrayBuffer(data: Uint8Array, maxByteLength: unknown): ArrayBuffer {
  if (maxByteLength === undefined) return copy(data);
  const buffer = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(
    data.length,
    {
      maxByteLength: integer(maxByteLength),
    },
  );
  new Uint8Array(buffer).set(data);
  return buffer;
}

function typedArray(name: string | undefined, data: Uint8Array): unknown {
  const Class = name === undefined ? undefined : (globals[name] as unknown as TypedArrayClass | undefined);
  if (Class === undefined) throw new LoadError(`this interpreter has no ${name ?? 'such typed array'}`);
  const { BYTES_PER_ELEMENT: size } = Class;
  if (data.length % size !== 0) throw bad('typed array');
  if (data.length >= LARGE_BYTES && data.byteOffset % size === 0) {
    return new Class(data.buffer as ArrayBuffer, data.byteOffset, data.length / size);
  }
  return new Class(copy(data));
}

type TypedArrayClass = { BYTES_PER_ELEMENT: number } & (new (
  buffer: ArrayBuffer,
  offset?: number,
  length?: number,
) => unknown);
