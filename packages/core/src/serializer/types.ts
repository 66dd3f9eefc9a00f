/** How a serializer turns a channel into its id and back; supplied by the link. */
export interface ChannelCodec {
  /** The id of `value` if it is a channel of this link, else `undefined`. Throws if it is one that can't travel here. */
  idOf(value: object): number | undefined;
  /** The channel with this id, made on first sight. Throws for an id that the peer may not use. */
  fromId(id: number): unknown;
}

/** What a serializer accepts, when it dumps and when it loads. */
export interface Limits {
  /** Bytes of one dumped value. */
  readonly maxPayload: number;
  /** How many containers may sit in each other. */
  readonly maxDepth: number;
}

/**
 * - `maxPayload` 1 GiB: half of what the length field of a frame can say, and more than any string of V8 (512 MiB).
 *   Larger data belongs in several items.
 * - `maxDepth` 1000: the recursive walk fits several times into the smallest default stack of a main or worker thread
 *   (984 KiB), and Python's own recursion limit makes execnet fail there too.
 */
export const DEFAULT_LIMITS: Limits = Object.freeze({ maxPayload: 2 ** 30, maxDepth: 1000 });

/**
 * Bytes from this length on are not copied: neither into the message, when it is dumped in parts, nor out of it. Below, a copy
 * costs less than an additional write, and keeping a few bytes must not keep a whole message alive.
 */
export const LARGE_BYTES: number = 16 * 1024;

/** How strings of the other generation of Python arrive. */
export interface StringOptions {
  /** A `str` of Python 2 as string (its bytes as latin-1), otherwise as bytes. */
  readonly py2strAsPy3str: boolean;
  /** A `str` of Python 3 as bytes (its UTF-8), otherwise as string. */
  readonly py3strAsPy2str: boolean;
}

/** Values to bytes and back. Every dump stands alone: it can be loaded late, in any order, or not at all. */
export interface Serializer {
  readonly name: 'msgpack' | 'execnet';
  /**
   * The bytes of one value; nobody writes to them afterwards. They may be a window into a larger buffer of the serializer's.
   * Fails with a `DumpError` that names the path of what can't travel.
   */
  dump(value: unknown, channels?: ChannelCodec): Uint8Array;
  /** Tells that nobody needs the result of the last {@link dump} any more, so that its memory can be used again. */
  reclaim?(bytes: Uint8Array): void;
  /**
   * As {@link dump}, in parts to be written one after the other, so that large bytes are not copied: such a part **is** the
   * caller's memory. Whoever keeps it beyond the current turn must copy it first, or the caller's later writes travel along.
   */
  dumpParts(value: unknown, channels?: ChannelCodec): Uint8Array[];
  /**
   * The value in `bytes`, all of them. The caller hands `bytes` over: large byte arrays in the result may be windows into it.
   * Fails with a `LoadError`, and with nothing else, whatever the bytes are. `strings` is for formats that know strings of Python.
   */
  load(bytes: Uint8Array, channels?: ChannelCodec, strings?: StringOptions): unknown;
}
