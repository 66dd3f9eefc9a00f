import type { Complex, Float } from '../serializer/index.ts';
import type { Channel } from './channel.ts';

// What is between two ends has three faces: what may be sent, what arrives, and what can't be sent. All are found in types as far as types know; the rest is
// found when values are dumped. What a generic function does not know of its type parameters is accepted: a conditional type that is not yet resolved takes
// what its false branch takes if its check is false for `any`, so each question here is asked so that `any` says no.

/**
 * A value of the type `T` as it arrives at the other end: a `Buffer` as `Uint8Array`, a channel as its other end, which receives what this one sends; the rest as what it is.
 */
export type Wire<T> = Arriving<T, true>;

/** A value that may be sent for the other end to get a `T`: channels turned round, and nothing that can't be sent. */
export type Sent<T> = HasChannel<T> extends true ? Sendable<Wire<T>> : Sendable<T>;

/** A `T`, or what nothing matches because that holds what can't be sent. */
export type Sendable<T> = HasTrouble<T> extends true ? CantBeSent<Trouble<T>> : T;

/** To be intersected with the type of something whose `T` is sent: unknown, or what nothing matches because it holds what can't be sent. */
export type Travels<T> = HasTrouble<T> extends true ? CantBeSent<Trouble<T>> : unknown;

/** To be intersected with the type of a function with the parameter `args` that gets what arrives for a `T`: it must take that. */
export type Takes<T> = Differs<T> extends true ? (args: Arriving<T, false>) => unknown : unknown;

/** As {@link Takes}, for the second parameter of code with a channel. */
export type TakesSecond<T> =
  Differs<T> extends true ? (channel: never, args: Arriving<T, false>) => unknown : unknown;

/** To be intersected with the type of something that says it receives a `T`: what nothing matches where that arrives as something else. */
export type Arrives<T> = Differs<T> extends true ? ArrivesAs<Arriving<T, false>> : unknown;

/** Told by the compiler of types that hold something which can't be sent. */
export interface CantBeSent<Why> {
  readonly cantBeSent: Why;
}

/** Told by the compiler of code that receives something else than it declares. */
export interface ArrivesAs<T> {
  readonly arrivesAs: T;
}

type Primitive = string | number | bigint | boolean | null | undefined;

/** Objects that arrive as what they are; no other object has the same members by chance. */
type Kept =
  | Date
  | RegExp
  | Float
  | ArrayBuffer
  | DataView
  | Int8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** In memory of its own: a `Uint8Array<ArrayBuffer>`, for compilers that tell that from others. */
type Bytes = ReturnType<typeof Uint8Array.of>;

/** Objects that arrive as what they are; plain objects may have the same members, and more. */
type KeptIfSame<T> = Error extends T ? true : Complex extends T ? true : false;

type AnyFunction = ((...args: never) => unknown) | (abstract new (...args: never) => unknown);

type Arriving<T, Turned extends boolean> = unknown extends T
  ? T
  : T extends Primitive | Kept
    ? T
    : T extends Uint8Array
      ? Bytes
      : T extends Channel<infer Receive, infer Send>
        ? Turned extends true
          ? Channel<Wire<Send>, Receive>
          : T
        : T extends ReadonlyMap<infer Key, infer Value>
          ? Map<Arriving<Key, Turned>, Arriving<Value, Turned>>
          : T extends ReadonlySet<infer Item>
            ? Set<Arriving<Item, Turned>>
            : T extends readonly (infer Item)[]
              ? ArrivingList<T, Item, Turned>
              : // as the result of an operation
                T extends Generator<unknown, infer Returned, unknown>
                ? Arriving<Returned, Turned>
                : T extends AnyFunction | symbol
                  ? never
                  : T extends Error | Complex
                    ? KeptIfSame<T> extends true
                      ? T
                      : ArrivingMembers<T, Turned>
                    : T extends object
                      ? ArrivingMembers<T, Turned>
                      : T;

type ArrivingMembers<T, Turned extends boolean> = { [Key in keyof T]: Arriving<T[Key], Turned> };

/** Arrays that are no tuples apart: their type is resolved late, so that one may hold itself. */
type ArrivingList<T extends readonly unknown[], Item, Turned extends boolean> = Item[] extends T
  ? T extends unknown[]
    ? Arriving<Item, Turned>[]
    : readonly Arriving<Item, Turned>[]
  : ArrivingMembers<T, Turned>;

type Differs<T> = [Arriving<T, false>] extends [T] ? false : true;

/** The depth to which types are searched: those that hold themselves have no end. */
type TooDeep = { readonly length: 6 };

/** The parts of a type that can't be sent, with the path to it as a `DumpError` names it. Never if nothing is known of that kind. */
type Trouble<T, Path extends string = '$', Depth extends 0[] = []> = unknown extends T
  ? never
  : Depth extends TooDeep
    ? never
    : T extends Primitive | Kept | Uint8Array | Channel
      ? never
      : T extends ReadonlyMap<infer Key, infer Value>
        ? Trouble<Key, `${Path}.key`, [...Depth, 0]> | Trouble<Value, `${Path}.value`, [...Depth, 0]>
        : T extends ReadonlySet<infer Item>
          ? Trouble<Item, `${Path}.item`, [...Depth, 0]>
          : T extends readonly (infer Item)[]
            ? Trouble<Item, `${Path}[]`, [...Depth, 0]>
            : T extends symbol
              ? `${Path} is a symbol`
              : T extends AnyFunction
                ? `${Path} is a function`
                : T extends Complex
                  ? never
                  : {
                      [Key in keyof T]-?: Key extends string | number
                        ? Trouble<T[Key], `${Path}.${Key}`, [...Depth, 0]>
                        : `${Path} has a symbol as a key`;
                    }[keyof T];

type HasTrouble<T> = [Trouble<T>] extends [never] ? false : true;

type Channels<T, Depth extends 0[] = []> = unknown extends T
  ? never
  : Depth extends TooDeep
    ? never
    : T extends Primitive | Kept | Uint8Array
      ? never
      : T extends Channel
        ? T
        : T extends ReadonlyMap<infer Key, infer Value>
          ? Channels<Key | Value, [...Depth, 0]>
          : T extends ReadonlySet<infer Item>
            ? Channels<Item, [...Depth, 0]>
            : T extends readonly (infer Item)[]
              ? Channels<Item, [...Depth, 0]>
              : { [Key in keyof T]-?: Channels<T[Key], [...Depth, 0]> }[keyof T];

type HasChannel<T> = [Channels<T>] extends [never] ? false : true;
