import type { Tag } from './msgpack-tags.ts';
import type { ChannelCodec } from './types.ts';

/** A value while it is written: what the code for one kind of value needs to write its own. */
export interface Encoding {
  readonly channels: ChannelCodec | undefined;
  /** Gives up on the value at hand: `why` follows the path to it. */
  fail(why: string): never;
  /** Fails if an object has an enumerable property with a symbol for its key. */
  refuseSymbols(object: object): void;
  value(value: unknown): void;
  /** The beginning of what only {@link Tag} says; `count` arguments follow. */
  head(tag: Tag, count: number): void;
  /** A tag with primitive arguments. */
  tagged(tag: Tag, ...values: unknown[]): void;
  /** The elements of an array, of a {@link Tag.Tuple} if `tag` says so. */
  array(array: readonly unknown[], tag?: Tag): void;
  /** Bytes: in the message, or as a part of their own. */
  data(data: Uint8Array): void;
  /** The entries of a Map or the items of a Set. */
  entries(tag: Tag, container: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>, isMap: boolean): void;
  /** Properties that belong to the value at hand, as alternating keys and values in an array. */
  members(properties: Record<string, unknown>): void;
}
