import { LoadError } from '../errors/index.ts';
import { Complex } from './complex.ts';
import { MAX_DIGITS, Opcode, operandSize } from './execnet-opcodes.ts';
import { FrozenSet } from './frozen-set.ts';
import { nodeBuffer } from './node-buffer.ts';
import { Tuple } from './tuple.ts';
import { type ChannelCodec, LARGE_BYTES, type Limits, type StringOptions } from './types.ts';
import { decodeUtf8 } from './utf8.ts';

/** The least number of bytes that an element of a list takes: its index, itself, and the opcode that puts it there. */
const LIST_ITEM = 7;

/** A dict while it is made: an object until a key is no string. */
class Dict {
  readonly object: Record<string, unknown> = {};
  map: Map<unknown, unknown> | undefined;

  set(key: unknown, value: unknown): void {
    if (this.map === undefined && typeof key === 'string') {
      if (key === '__proto__') {
        Object.defineProperty(this.object, key, {
          value,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      } else {
        this.object[key] = value;
      }
      this.#keys.push(key);
      return;
    }
    // In the order of the bytes, which an object with keys like "1" has not.
    this.map ??= new Map(this.#keys.map((known) => [known, this.object[known]]));
    this.map.set(key, value);
  }

  readonly #keys: string[] = [];
}

/** Reads one value in Python execnet's format; used once. */
export class ExecnetLoader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: Limits;
  readonly #strings: StringOptions;
  readonly #channels: ChannelCodec | undefined;
  #pos = 0;
  readonly #stack: unknown[] = [];
  /** How deep each value on the stack is nested in itself. */
  readonly #heights: number[] = [];
  /** What the lengths of lists may still sum up to. */
  #items: number;

  constructor(bytes: Uint8Array, limits: Limits, strings: StringOptions, channels: ChannelCodec | undefined) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
    this.#strings = strings;
    this.#channels = channels;
    this.#items = Math.floor(bytes.length / LIST_ITEM);
  }

  /** The value from `start` to the end of the bytes. Fails with a `LoadError` or an error of a builtin that reads. */
  load(start: number): unknown {
    this.#pos = start;
    const { length } = this.#bytes;
    for (;;) {
      if (this.#pos >= length) throw new LoadError('the bytes end before the value does');
      const opcode = this.#bytes[this.#pos++] as number;
      if (opcode === Opcode.Stop) break;
      this.#step(opcode);
    }
    if (this.#pos < length) throw new LoadError(`${length - this.#pos} bytes are left over behind the value`);
    if (this.#stack.length !== 1)
      throw new LoadError(`${this.#stack.length} values are on the stack at the end, not one`);
    return this.#finished(this.#stack[0]);
  }

  #step(opcode: number): void {
    switch (opcode) {
      case Opcode.None:
        this.#push(null);
        return;
      case Opcode.True:
        this.#push(true);
        return;
      case Opcode.False:
        this.#push(false);
        return;
      case Opcode.Int:
      case Opcode.Long:
        this.#push(this.#int());
        return;
      case Opcode.LongInt:
      case Opcode.LongLong:
        this.#push(this.#longInt());
        return;
      case Opcode.Float:
        this.#push(this.#float());
        return;
      case Opcode.Complex: {
        const real = this.#float();
        this.#push(new Complex(real, this.#float()));
        return;
      }
      case Opcode.Bytes:
        this.#push(this.#data());
        return;
      case Opcode.Unicode:
        this.#push(this.#text());
        return;
      case Opcode.Py3String:
        this.#push(this.#strings.py3strAsPy2str ? this.#data() : this.#text());
        return;
      case Opcode.Py2String:
        this.#push(this.#strings.py2strAsPy3str ? latin1(this.#data()) : this.#data());
        return;
      case Opcode.NewList:
        this.#newList();
        return;
      case Opcode.NewDict:
        this.#push(new Dict(), 1);
        return;
      case Opcode.SetItem:
        this.#setItem();
        return;
      case Opcode.BuildTuple:
        this.#build((items) => Tuple.from(items));
        return;
      case Opcode.Set:
        this.#build((items) => new Set(items));
        return;
      case Opcode.FrozenSet:
        this.#build((items) => new FrozenSet(items));
        return;
      case Opcode.Channel: {
        const id = this.#int();
        if (this.#channels === undefined)
          throw new LoadError('a channel is in a value that belongs to no gateway');
        this.#push(this.#channels.fromId(id));
        return;
      }
      default:
        throw new LoadError(`the opcode 0x${opcode.toString(16)} is unknown`);
    }
  }

  #push(value: unknown, height = 0): void {
    if (height > this.#limits.maxDepth) {
      throw new LoadError(`the value is nested more than ${this.#limits.maxDepth} deep (maxDepth)`);
    }
    this.#stack.push(value);
    this.#heights.push(height);
  }

  /** Nothing is put into a dict any more once it leaves the top of the stack. */
  #finished(value: unknown): unknown {
    return value instanceof Dict ? (value.map ?? value.object) : value;
  }

  #need(size: number): number {
    const from = this.#pos;
    if (size > this.#bytes.length - from) throw new LoadError('the bytes end before the value does');
    this.#pos = from + size;
    return from;
  }

  #int(): number {
    return this.#view.getInt32(this.#need(4));
  }

  #length(): number {
    const length = this.#int();
    if (length < 0) throw new LoadError(`a length of ${length}`);
    return length;
  }

  #float(): number {
    return this.#view.getFloat64(this.#need(8));
  }

  #data(): Uint8Array {
    const size = this.#length();
    const from = this.#need(size);
    // A view of its own even where the caller's bytes are a Buffer.
    const { buffer, byteOffset } = this.#bytes;
    const data = new Uint8Array(buffer, byteOffset + from, size);
    return size < LARGE_BYTES ? data.slice() : data;
  }

  #text(): string {
    const size = this.#length();
    const from = this.#need(size);
    return decodeUtf8(this.#bytes, from, from + size);
  }

  #longInt(): number | bigint {
    const size = this.#length();
    if (size > MAX_DIGITS) throw new LoadError(`an int of ${size} digits; ${MAX_DIGITS} are the limit`);
    const from = this.#need(size);
    const digits = latin1(this.#bytes.subarray(from, from + size));
    if (!/^[+-]?\d+$/.test(digits))
      throw new LoadError(`an int that reads ${JSON.stringify(digits.slice(0, 40))}`);
    const number = Number(digits);
    if (Number.isSafeInteger(number)) return number === 0 ? 0 : number;
    const value = BigInt(/^[+-]/.test(digits) ? digits.slice(1) : digits);
    return digits.startsWith('-') ? -value : value;
  }

  #newList(): void {
    const length = this.#length();
    this.#items -= length;
    if (this.#items < 0) throw new LoadError('a list claims more elements than the bytes can hold');
    this.#push(Array<unknown>(length).fill(null), 1);
  }

  #setItem(): void {
    const stack = this.#stack;
    if (stack.length < 3) throw new LoadError('an item is put into a container that is not there');
    const value = this.#finished(stack.pop());
    const key = this.#finished(stack.pop());
    const height = Math.max(this.#heights.pop() as number, this.#heights.pop() as number) + 1;
    const top = stack.length - 1;
    const container = stack[top];
    if (container instanceof Dict) {
      container.set(key, value);
    } else if (Array.isArray(container) && !(container instanceof Tuple)) {
      if (typeof key !== 'number' || !(key >= 0 && key < container.length) || !Number.isInteger(key)) {
        throw new LoadError(`a list has no index ${String(typeof key === 'number' ? key : typeof key)}`);
      }
      container[key] = value;
    } else {
      throw new LoadError('an item is put into what is neither list nor dict');
    }
    if (height > this.#limits.maxDepth) {
      throw new LoadError(`the value is nested more than ${this.#limits.maxDepth} deep (maxDepth)`);
    }
    if (height > (this.#heights[top] as number)) this.#heights[top] = height;
  }

  #build(make: (items: unknown[]) => unknown): void {
    const count = this.#length();
    const from = this.#stack.length - count;
    if (from < 0) throw new LoadError(`${count} items are asked for where ${this.#stack.length} are`);
    const items = this.#stack.splice(from).map((item) => this.#finished(item));
    const heights = this.#heights.splice(from);
    this.#push(make(items), heights.reduce((most, height) => Math.max(most, height), 0) + 1);
  }
}

const latin1Slice = nodeBuffer?.prototype?.latin1Slice;

function latin1(bytes: Uint8Array): string {
  if (latin1Slice !== undefined) return latin1Slice.call(bytes, 0, bytes.length);
  let text = '';
  // Few enough to be the arguments of one call.
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

/**
 * Where the value that begins at `start` ends, or -1 if `bytes` end before it does; then `resume` holds where to go on with more.
 * Fails with a `LoadError` on an unknown opcode.
 */
export function findStop(bytes: Uint8Array, resume: { pos: number }): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (;;) {
    if (resume.pos >= bytes.length) return -1;
    const opcode = bytes[resume.pos] as number;
    if (opcode === Opcode.Stop) return resume.pos + 1;
    const operands = operandSize(opcode);
    if (operands === undefined) throw new LoadError(`the opcode 0x${opcode.toString(16)} is unknown`);
    let next = resume.pos + 1 + operands.size;
    if (operands.counted) {
      if (next > bytes.length) return -1;
      const size = view.getInt32(resume.pos + 1);
      if (size < 0) throw new LoadError(`a length of ${size}`);
      next += size;
    }
    resume.pos = next;
  }
}
