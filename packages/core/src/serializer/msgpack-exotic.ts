import type { Complex } from './complex.ts';
import type { Encoding } from './encoding.ts';
import type { Float } from './float.ts';
import { kindOf } from './kinds.ts';
import { ERRORS, Tag, TYPED_ARRAYS } from './msgpack-tags.ts';
import { nameOf } from './path.ts';

const { getPrototypeOf, keys: keysOf } = Object;
const tagOf = Object.prototype.toString;

/** Typed arrays travel as they lie in memory, little-endian. */
const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Writes what is neither a plain object, nor an array, nor a Uint8Array, or fails. */
export function encodeExotic(encoder: Encoding, value: object, prototype: object): void {
  const kind = kindOf(value);
  if (kind !== undefined) {
    encodeOwnClass(encoder, value, kind);
    return;
  }
  const id = encoder.channels?.idOf(value);
  if (id !== undefined) {
    encoder.tagged(Tag.Channel, id);
    return;
  }
  if (Array.isArray(value)) {
    if (isBuiltin(prototype, 'Array')) {
      encoder.array(value);
      return;
    }
    refuseClass(encoder, value);
  }
  // runtimes and libraries mark errors by symbols, which are nobody's data
  if (isError(value)) {
    encodeError(encoder, value);
    return;
  }
  encoder.refuseSymbols(value);
  if (ArrayBuffer.isView(value)) {
    encodeView(encoder, value, prototype);
    return;
  }
  const name = tagOf.call(value).slice(8, -1);
  const encode = BUILTINS[name];
  if (encode === undefined || !isBuiltin(prototype, name)) refuseClass(encoder, value);
  // What structuredClone drops is not dropped in silence.
  const own = keysOf(value).filter((key) => name !== 'String' || !/^\d+$/.test(key));
  if (own.length > 0) {
    encoder.fail(
      `is a ${name} with a property ${JSON.stringify(own[0])} of its own, which would be lost; send it beside the ${name}`,
    );
  }
  encode(encoder, value as never);
}

function refuseClass(encoder: Encoding, value: object): never {
  encoder.fail(
    `is ${nameOf(value)}, which would lose its class; send a plain object, and make the instance at the other end`,
  );
}

/** Whether `prototype` is that of the builtin class, of this realm or another. */
function isBuiltin(prototype: object, name: string): boolean {
  if (
    (globalThis as unknown as Record<string, { prototype?: object } | undefined>)[name]?.prototype ===
    prototype
  )
    return true;
  if (!Object.hasOwn(prototype, 'constructor')) return false;
  const maker: unknown = prototype.constructor;
  if (typeof maker !== 'function' || maker.name !== name || maker.prototype !== prototype) return false;
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker));
}

type Encode = (encoder: Encoding, value: never) => void;

/** By what `Object.prototype.toString` says. A liar is found out by the method that reads the value. */
const BUILTINS: Record<string, Encode | undefined> = Object.assign(Object.create(null), {
  Map: (encoder: Encoding, value: Map<unknown, unknown>) => encoder.entries(Tag.Map, value, true),
  Set: (encoder: Encoding, value: Set<unknown>) => encoder.entries(Tag.Set, value, false),
  Date: (encoder: Encoding, value: Date) => encoder.tagged(Tag.Date, Date.prototype.getTime.call(value)),
  RegExp: (encoder: Encoding, value: RegExp) => encoder.tagged(Tag.RegExp, value.source, value.flags),
  Number: (encoder: Encoding, value: number) =>
    encoder.tagged(Tag.Boxed, Number.prototype.valueOf.call(value)),
  String: (encoder: Encoding, value: string) =>
    encoder.tagged(Tag.Boxed, String.prototype.valueOf.call(value)),
  Boolean: (encoder: Encoding, value: boolean) =>
    encoder.tagged(Tag.Boxed, Boolean.prototype.valueOf.call(value)),
  BigInt: (encoder: Encoding, value: bigint) =>
    encoder.tagged(Tag.Boxed, BigInt.prototype.valueOf.call(value)),
  ArrayBuffer: (encoder: Encoding, value: ArrayBuffer & { resizable?: boolean; maxByteLength?: number }) => {
    encoder.head(Tag.ArrayBuffer, value.resizable ? 2 : 1);
    encoder.data(new Uint8Array(value));
    if (value.resizable) encoder.value(value.maxByteLength);
  },
} satisfies Record<string, Encode>);

function encodeOwnClass(encoder: Encoding, value: object, kind: ReturnType<typeof kindOf>): void {
  if (kind === 'tuple' && Array.isArray(value)) encoder.array(value, Tag.Tuple);
  else if (kind === 'frozenset') encoder.entries(Tag.FrozenSet, value as Set<unknown>, false);
  else if (kind === 'complex')
    encoder.tagged(Tag.Complex, Number((value as Complex).real), Number((value as Complex).imag));
  else encoder.tagged(Tag.Float, Number((value as Float).value));
}

function encodeView(encoder: Encoding, view: ArrayBufferView, prototype: object): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const name = tagOf.call(view).slice(8, -1);
  if (name === 'Uint8Array' && (isBuiltin(prototype, name) || isBuffer(view))) {
    encoder.data(bytes);
    return;
  }
  const kind = TYPED_ARRAYS.indexOf(name);
  if (!isBuiltin(prototype, name) || (kind < 0 && name !== 'DataView')) refuseClass(encoder, view);
  if (!LITTLE_ENDIAN) encoder.fail(`is a ${name}, which big-endian machines can't dump; send its bytes`);
  encoder.head(name === 'DataView' ? Tag.DataView : Tag.TypedArray, name === 'DataView' ? 1 : 2);
  if (name !== 'DataView') encoder.value(kind);
  encoder.data(bytes);
}

function isBuffer(view: ArrayBufferView): boolean {
  return (
    (globalThis as { Buffer?: { isBuffer?(value: unknown): boolean } }).Buffer?.isBuffer?.(view) === true
  );
}

/** Errors of this realm or another; a DOMException is one of them. */
function isError(value: object): value is Error {
  return (
    value instanceof Error ||
    tagOf.call(value) === '[object Error]' ||
    tagOf.call(value) === '[object DOMException]'
  );
}

/** The builtin class that an error of a class derived from it arrives as. */
function errorClass(error: Error): string {
  for (let at: object | null = getPrototypeOf(error); at !== null; at = getPrototypeOf(at)) {
    const name: unknown = Object.hasOwn(at, 'constructor') ? at.constructor?.name : undefined;
    if (typeof name === 'string' && ERRORS.includes(name) && isBuiltin(at, name)) return name;
  }
  return 'Error';
}

/**
 * Errors are the exception among class instances: one of a derived class arrives as the builtin class below it, with its `name`,
 * as errors must be able to travel whoever made them.
 */
function encodeError(encoder: Encoding, error: Error): void {
  const name = errorClass(error);
  const hidden: Record<string, unknown> = {};
  for (const key of HIDDEN) {
    if (Object.hasOwn(error, key) && !Object.prototype.propertyIsEnumerable.call(error, key)) {
      hidden[key] = (error as unknown as Record<string, unknown>)[key];
    }
  }
  // The name of a derived class sits on its prototype, or is only that of the class.
  const inherited =
    error.name === name || error.name === 'Error' ? error.constructor?.name || name : error.name;
  if (!Object.hasOwn(error, 'name') && inherited !== name && name !== 'DOMException')
    hidden.name = String(inherited);
  const properties: Record<string, unknown> = {};
  for (const key of keysOf(error)) {
    if (key === 'stack') continue;
    Object.defineProperty(properties, key, {
      value: (error as unknown as Record<string, unknown>)[key],
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  const message =
    name === 'DOMException' || Object.hasOwn(error, 'message') ? String(error.message) : undefined;
  delete properties.message;
  const { stack } = error;
  encoder.head(Tag.Error, 5);
  encoder.value(ERRORS.indexOf(name));
  encoder.value(message);
  encoder.value(typeof stack === 'string' ? stack : undefined);
  encoder.members(properties);
  if (name === 'DOMException') hidden.name = error.name;
  encoder.members(hidden);
}

/** What the interpreter itself puts on errors, and does not show. */
const HIDDEN: readonly string[] = ['name', 'cause', 'errors', 'code'];
