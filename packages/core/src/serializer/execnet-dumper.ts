import { DumpError, ExecnetError } from '../errors/index.ts';
import { ByteWriter } from './byte-writer.ts';
import type { Complex } from './complex.ts';
import { MAX_DIGITS, Opcode } from './execnet-opcodes.ts';
import type { Float } from './float.ts';
import { kindOf } from './kinds.ts';
import { type EntryStep, formatPath, nameOf, type Step } from './path.ts';
import { isPlainPrototype } from './plain-object.ts';
import { type ChannelCodec, LARGE_BYTES, type Limits } from './types.ts';
import { isWellFormed, utf8Length } from './utf8.ts';

const INT_MAX = 0x7fffffff;
const INT_MIN = -0x80000000;

/** Below this length a text is given three bytes for each character instead of being measured first. */
const SHORT_TEXT = 1024;

/** Writes one value at a time in Python execnet's format; a getter that dumps meanwhile needs another dumper (see {@link busy}). */
export class ExecnetDumper extends ByteWriter {
  busy = false;
  readonly #maxDepth: number;
  #channels: ChannelCodec | undefined;
  readonly #trail: Step[] = [];
  readonly #ancestors: object[] = [];
  #depth = 0;
  /** Above 0 within a key of a dict or an item of a set, which Python must be able to hash. */
  #hashed = 0;
  #parts: Uint8Array[] | undefined;

  constructor(limits: Limits) {
    super(limits.maxPayload);
    this.#maxDepth = limits.maxDepth;
  }

  /** The value as parts; one part only unless `split`, which leaves large bytes where they are. */
  dump(value: unknown, channels: ChannelCodec | undefined, split: boolean): Uint8Array[] {
    const parts: Uint8Array[] = [];
    this.busy = true;
    this.#channels = channels;
    this.#parts = split ? parts : undefined;
    try {
      this.begin();
      this.#value(value);
      this.#opcode(Opcode.Stop);
      parts.push(this.take());
      return parts;
    } catch (error) {
      this.pos = this.start;
      if (error instanceof ExecnetError) throw error;
      const path = formatPath(this.#trail, this.#depth);
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw new DumpError(`${path} can't be dumped: reading it failed with ${reason}`, path, {
        cause: error,
      });
    } finally {
      this.#depth = 0;
      this.#hashed = 0;
      this.#trail.length = 0;
      this.#ancestors.length = 0;
      this.#channels = undefined;
      this.#parts = undefined;
      this.busy = false;
    }
  }

  #fail(why: string): never {
    const path = formatPath(this.#trail, this.#depth);
    throw new DumpError(`${path} ${why}`, path);
  }

  #opcode(opcode: number): void {
    this.reserve(1);
    this.bytes[this.pos++] = opcode;
  }

  /** An opcode with a number behind it. */
  #counted(opcode: number, count: number): void {
    this.reserve(5);
    this.bytes[this.pos++] = opcode;
    this.view.setInt32(this.pos, count);
    this.pos += 4;
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return;
      case 'number':
        // Python's int has no -0
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
          this.#integer(value);
          return;
        }
        this.#floats(Opcode.Float, value);
        return;
      case 'boolean':
        this.#opcode(value ? Opcode.True : Opcode.False);
        return;
      case 'undefined':
        this.#opcode(Opcode.None);
        return;
      case 'bigint':
        this.#integer(value);
        return;
      case 'object':
        if (value === null) this.#opcode(Opcode.None);
        else this.#object(value);
        return;
      default:
        this.#fail(`is ${nameOf(value)}, which can't be dumped; send data only`);
    }
  }

  #integer(value: number | bigint): void {
    if (value >= INT_MIN && value <= INT_MAX) {
      this.#counted(Opcode.Int, Number(value));
      return;
    }
    const digits = value.toString();
    if (digits.length > MAX_DIGITS)
      this.#fail(`is an int of ${digits.length} digits; ${MAX_DIGITS} are the limit`);
    this.#counted(Opcode.LongInt, digits.length);
    this.reserve(digits.length);
    for (let i = 0; i < digits.length; i++) this.bytes[this.pos++] = digits.charCodeAt(i);
  }

  #floats(opcode: number, ...values: number[]): void {
    this.reserve(1 + values.length * 8);
    this.bytes[this.pos++] = opcode;
    for (const value of values) {
      this.view.setFloat64(this.pos, value);
      this.pos += 8;
    }
  }

  #string(text: string): void {
    if (!isWellFormed(text))
      this.#fail('is a string with half a surrogate pair, which UTF-8 and so Python can not carry');
    const most = text.length < SHORT_TEXT ? text.length * 3 : utf8Length(text);
    this.reserve(most + 5);
    const head = this.pos;
    this.pos += 5;
    const size = this.utf8(text);
    this.bytes[head] = Opcode.Py3String;
    this.view.setInt32(head + 1, size);
  }

  #bytes(data: Uint8Array): void {
    this.#counted(Opcode.Bytes, data.length);
    if (this.#parts === undefined || data.length < LARGE_BYTES) {
      this.raw(data);
      return;
    }
    this.#parts.push(this.take(), data);
    this.count(data.length);
  }

  #object(value: object): void {
    if (value instanceof Uint8Array) {
      this.#bytes(value);
      return;
    }
    const kind = kindOf(value);
    if (kind === 'complex') {
      this.#floats(Opcode.Complex, Number((value as Complex).real), Number((value as Complex).imag));
      return;
    }
    if (kind === 'float') {
      this.#floats(Opcode.Float, Number((value as Float).value));
      return;
    }
    const prototype = Object.getPrototypeOf(value) as object | null;
    const plain = isPlainPrototype(prototype);
    if (!plain) {
      const id = this.#channels?.idOf(value);
      if (id !== undefined) {
        this.#counted(Opcode.Channel, id);
        return;
      }
    }
    if (this.#depth >= this.#maxDepth) {
      this.#fail(
        this.#ancestors.includes(value)
          ? 'holds itself, which this format has no words for'
          : `is nested more than ${this.#maxDepth} deep (maxDepth)`,
      );
    }
    this.#ancestors[this.#depth] = value;
    this.#ancestors.length = this.#depth + 1;
    if (kind === 'tuple' && Array.isArray(value)) this.#tuple(value);
    else if (kind === 'frozenset') this.#items(Opcode.FrozenSet, value as Set<unknown>);
    else if (plain || Array.isArray(value) || value instanceof Map || value instanceof Set)
      this.#unhashable(value, plain);
    else
      this.#fail(
        `is ${nameOf(value)}, for which Python has no counterpart here; send numbers, strings, bytes, lists and dicts`,
      );
  }

  /** What Python can't take as a key. */
  #unhashable(value: object, plain: boolean): void {
    if (this.#hashed > 0) {
      this.#fail(
        'is a key or an item of a set, which Python must be able to hash; use Tuple or FrozenSet there',
      );
    }
    if (plain) {
      this.#dict(value as Record<string, unknown>);
      return;
    }
    const base = Array.isArray(value) ? 'Array' : value instanceof Map ? 'Map' : 'Set';
    const name = nameOf(value);
    if (name !== `an instance of ${base}`)
      this.#fail(`is ${name}, which would lose its class; send a plain ${base}`);
    if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) this.#entries(value);
    else this.#items(Opcode.Set, value as Set<unknown>);
  }

  #at(step: Step, value: unknown): void {
    this.#trail[this.#depth++] = step;
    this.#value(value);
    this.#depth -= 1;
  }

  /** A property may be a getter that fails: the trail leads there before it is read. */
  #member(
    container: Readonly<Record<string | number, unknown>> | readonly unknown[],
    step: string | number,
  ): void {
    this.#trail[this.#depth++] = step;
    this.#value((container as Record<string | number, unknown>)[step]);
    this.#depth -= 1;
  }

  #refuseNames(array: readonly unknown[]): void {
    const last = Object.keys(array).at(-1);
    if (last !== undefined && String(Number(last) >>> 0) !== last) {
      this.#fail(`is an array with a property ${JSON.stringify(last)}, which would be lost`);
    }
  }

  #list(array: readonly unknown[]): void {
    this.#refuseNames(array);
    const { length } = array;
    this.#counted(Opcode.NewList, length);
    for (let i = 0; i < length; i++) {
      this.#counted(Opcode.Int, i);
      this.#member(array, i);
      this.#opcode(Opcode.SetItem);
    }
  }

  #tuple(array: readonly unknown[]): void {
    this.#refuseNames(array);
    for (let i = 0; i < array.length; i++) this.#member(array, i);
    this.#counted(Opcode.BuildTuple, array.length);
  }

  #dict(object: Record<string, unknown>): void {
    for (const symbol of Object.getOwnPropertySymbols(object)) {
      if (Object.prototype.propertyIsEnumerable.call(object, symbol)) {
        this.#fail(
          `has a property with the key ${String(symbol)}, which can't be dumped; use a string as its key`,
        );
      }
    }
    this.#opcode(Opcode.NewDict);
    for (const key of Object.keys(object)) {
      this.#at(key, key);
      this.#member(object, key);
      this.#opcode(Opcode.SetItem);
    }
  }

  #entries(map: ReadonlyMap<unknown, unknown>): void {
    this.#opcode(Opcode.NewDict);
    const step: EntryStep = { at: 'key', index: 0, key: undefined };
    const seen = new Set<string>();
    const entries = [...map];
    for (const [key, value] of entries) {
      step.at = 'key';
      this.#key(step, key, seen);
      step.at = 'value';
      step.key = key;
      this.#at(step, value);
      this.#opcode(Opcode.SetItem);
      step.index += 1;
    }
  }

  #items(opcode: number, set: ReadonlySet<unknown>): void {
    const step: EntryStep = { at: 'item', index: 0, key: undefined };
    const items = [...set];
    const seen = new Set<string>();
    for (const item of items) {
      this.#key(step, item, seen);
      step.index += 1;
    }
    this.#counted(opcode, items.length);
  }

  /** A key or item: to Python 1, 1.0 and True are the same one, and two of them would become one in silence. */
  #key(step: EntryStep, key: unknown, seen: Set<string>): void {
    this.#hashed += 1;
    this.#at(step, key);
    this.#hashed -= 1;
    // Two equal strings are one in JavaScript already.
    if (typeof key === 'string') return;
    const same = pythonKey(key);
    if (same === undefined) return;
    if (seen.has(same)) {
      this.#trail[this.#depth++] = step;
      this.#fail(`equals another one in Python (${same})`);
    }
    seen.add(same);
  }
}

/** What the keys that are equal in Python have in common, and no other has; undefined for one that equals nothing, or only itself. */
function pythonKey(key: unknown): string | undefined {
  switch (typeof key) {
    case 'string':
      return JSON.stringify(key);
    case 'boolean':
      return key ? '1' : '0';
    case 'bigint':
      return key.toString();
    case 'number':
      return numberKey(key);
    default:
  }
  if (key === null || key === undefined) return 'None';
  if (key instanceof Uint8Array) return `bytes(${key.join()})`;
  switch (kindOf(key)) {
    case 'float':
      return numberKey((key as Float).value);
    case 'complex': {
      const { real, imag } = key as Complex;
      const parts = [numberKey(real), numberKey(imag)];
      if (parts.includes(undefined)) return undefined;
      return parts[1] === '0' ? parts[0] : `complex(${parts.join()})`;
    }
    case 'tuple':
      return itemsKey('tuple', key as Iterable<unknown>);
    case 'frozenset':
      return itemsKey('frozenset', key as Iterable<unknown>);
    default:
      return undefined;
  }
}

function numberKey(number: number): string | undefined {
  if (Number.isNaN(number)) return undefined;
  return Number.isInteger(number) ? BigInt(number).toString() : String(number);
}

function itemsKey(kind: 'tuple' | 'frozenset', items: Iterable<unknown>): string | undefined {
  const keys = Array.from(items, pythonKey);
  if (keys.includes(undefined)) return undefined;
  // any order will do that is the same for equal sets
  if (kind === 'frozenset') keys.sort((a = '', b = '') => (a < b ? -1 : 1));
  return `${kind}(${keys.join()})`;
}
