import { LoadError } from '../errors/index.ts';
import { execnetFormat } from './execnet-format.ts';
import { findStop } from './execnet-loader.ts';
import { msgpack } from './msgpack.ts';
import { Scanner } from './msgpack-scan.ts';
import { MARK } from './msgpack-tags.ts';
import { DEFAULT_LIMITS, type Limits, type Serializer, type StringOptions } from './types.ts';

/** 3: for JavaScript, MessagePack. 2 and 1: for Python, the format of execnet 2 and 1, which differ in this number only. */
export type DumpVersion = 1 | 2 | 3;

export interface DumpOptions extends Partial<Limits> {
  /** The format; 3 by default. */
  readonly version?: DumpVersion;
}

/** Strings of the other generation of Python arrive as bytes unless asked for otherwise, as with Python's `execnet.loads`. */
export interface LoadOptions extends Partial<Limits>, Partial<StringOptions> {}

/** What a program may write bytes to: a Node.js stream. */
export interface ByteSink {
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): unknown;
}

/**
 * The bytes of one value: a version byte, and the value as {@link msgpack} or {@link execnetFormat} writes it. They are the
 * caller's own. Fails with a `DumpError`.
 */
export function dumps(value: unknown, options: DumpOptions = {}): Uint8Array {
  const { version = 3, ...limits } = options;
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new TypeError(
      `dumps: there is no version ${String(version)}; use 3 (JavaScript), 2 or 1 (Python's execnet 2 or 1)`,
    );
  }
  const parts = serializerOf(version, limits).dumpParts(value);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 1));
  bytes[0] = version;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The value that {@link dumps}, or `dumps` of Python's execnet, made these bytes of; nothing may follow it. Fails with a `LoadError`. */
export function loads(bytes: Uint8Array, options: LoadOptions = {}): unknown {
  const serializer = serializerOf(bytes[0], options);
  // A copy, as the caller may go on using the bytes, and the value may have windows into them.
  const own = new Uint8Array(bytes.length - 1);
  own.set(bytes.subarray(1));
  return serializer.load(own);
}

/** Writes what {@link dumps} gives. Resolves when the stream has passed it on; rejects with a `DumpError` or the stream's error. */
export async function dump(sink: ByteSink, value: unknown, options: DumpOptions = {}): Promise<void> {
  const bytes = dumps(value, options);
  await new Promise<void>((resolve, reject) => {
    sink.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/**
 * Reads exactly one value, as {@link dump} writes it: both formats tell where a value ends, so that values may stand one behind
 * the other in one stream, and nothing but the value is waited for. What was read beyond it goes back into a Node.js stream
 * (`unshift`); another source has to deliver the value in chunks of its own, and is left as it is, not closed, for the next.
 *
 * Rejects with a `LoadError` if the bytes are no value or end before it does, and with the source's own error.
 */
export async function load(source: AsyncIterable<Uint8Array>, options: LoadOptions = {}): Promise<unknown> {
  const reader: ChunkReader = isNodeReadable(source) ? new StreamReader(source) : new IteratorReader(source);
  const { maxPayload } = { ...DEFAULT_LIMITS, ...options };
  const pending = new Pending();
  let findEnd: ((bytes: Uint8Array) => number) | undefined;
  for (;;) {
    const chunk = await reader.next();
    if (chunk === undefined) {
      throw new LoadError(
        pending.size === 0
          ? 'the stream ends before a value begins'
          : 'the stream ends before the value does',
      );
    }
    if (!(chunk instanceof Uint8Array))
      throw new TypeError('load: the stream gives strings or objects; it has to give bytes');
    if (chunk.length === 0) continue;
    const bytes = pending.add(chunk);
    findEnd ??= endFinder(bytes[0], options);
    const end = findEnd(bytes);
    if (end >= 0) {
      if (end < bytes.length) reader.giveBack(bytes.slice(end));
      return loads(bytes.subarray(0, end), options);
    }
    if (bytes.length - 1 > maxPayload) {
      throw new LoadError(
        `the value takes ${bytes.length} bytes or more, which is above the limit of ${maxPayload} (maxPayload)`,
      );
    }
  }
}

/** A few serializers, as what one has learned about the shapes of objects makes it faster. */
const serializers = new Map<string, Serializer>();
const MAX_SERIALIZERS = 8;

function serializerOf(version: number | undefined, options: LoadOptions): Serializer {
  const { py2strAsPy3str = false, py3strAsPy2str = false } = options;
  const { maxPayload, maxDepth } = { ...DEFAULT_LIMITS, ...options };
  if (version !== 1 && version !== 2 && version !== 3) {
    const found = version === undefined ? 'there are no bytes' : `the first byte is ${version}`;
    throw new LoadError(
      `${found}, where the version of a dump is expected: 3 (JavaScript), 2 or 1 (Python's execnet)`,
    );
  }
  const key = [version === 3, maxPayload, maxDepth, py2strAsPy3str, py3strAsPy2str].join();
  let serializer = serializers.get(key);
  if (serializer === undefined) {
    serializer =
      version === 3
        ? msgpack({ maxPayload, maxDepth })
        : execnetFormat({ maxPayload, maxDepth, py2strAsPy3str, py3strAsPy2str });
    if (serializers.size >= MAX_SERIALIZERS) serializers.clear();
    serializers.set(key, serializer);
  }
  return serializer;
}

/** What tells the end of the value from all bytes read so far, or -1. */
function endFinder(version: number | undefined, options: LoadOptions): (bytes: Uint8Array) => number {
  if (serializerOf(version, options).name === 'execnet') {
    const resume = { pos: 1 };
    return (bytes) => findStop(bytes, resume);
  }
  const scanner = new Scanner((options.maxDepth ?? DEFAULT_LIMITS.maxDepth) + 2);
  let begun = false;
  return (bytes) => {
    if (!begun) {
      if (bytes.length < 2) return -1;
      const marked = bytes[1] === MARK;
      scanner.begin(marked ? 2 : 1, marked);
      begun = true;
    }
    return scanner.feed(bytes);
  };
}

/** All bytes so far in one piece, in memory that doubles, so that many small chunks cost no more than a few large ones. */
class Pending {
  #memory = new Uint8Array(0);
  size = 0;

  add(chunk: Uint8Array): Uint8Array {
    const size = this.size + chunk.length;
    if (size > this.#memory.length) {
      const memory = new Uint8Array(Math.max(size, this.#memory.length * 2));
      memory.set(this.#memory.subarray(0, this.size));
      this.#memory = memory;
    }
    this.#memory.set(chunk, this.size);
    this.size = size;
    return this.#memory.subarray(0, size);
  }
}

interface ChunkReader {
  /** The next chunk, or `undefined` at the end. */
  next(): Promise<unknown>;
  giveBack(rest: Uint8Array): void;
}

class IteratorReader implements ChunkReader {
  readonly #iterator: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  async next(): Promise<unknown> {
    const step = await this.#iterator.next();
    return step.done === true ? undefined : step.value;
  }

  giveBack(rest: Uint8Array): void {
    throw new LoadError(
      `${rest.length} bytes are left over behind the value, and the source can't take them back`,
    );
  }
}

interface NodeReadable extends AsyncIterable<Uint8Array> {
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  readonly errored?: Error | null;
  read(): unknown;
  unshift(chunk: Uint8Array): void;
  on(event: string, listener: (error?: Error) => void): unknown;
  removeListener(event: string, listener: (error?: Error) => void): unknown;
}

function isNodeReadable(source: object): source is NodeReadable {
  const { read, unshift, removeListener } = source as Partial<NodeReadable>;
  return typeof read === 'function' && typeof unshift === 'function' && typeof removeListener === 'function';
}

const EVENTS: readonly string[] = ['readable', 'end', 'close', 'error'];

/** Reads a stream without its iterator, which would destroy it when left. */
class StreamReader implements ChunkReader {
  readonly #stream: NodeReadable;

  constructor(stream: NodeReadable) {
    this.#stream = stream;
  }

  async next(): Promise<unknown> {
    const stream = this.#stream;
    for (;;) {
      const chunk = stream.read();
      if (chunk !== null) return chunk;
      if (stream.errored) throw stream.errored;
      if (stream.readableEnded || stream.destroyed) return undefined;
      await new Promise<void>((resolve, reject) => {
        const settle = (error?: Error): void => {
          for (const event of EVENTS) stream.removeListener(event, settle);
          if (error) reject(error);
          else resolve();
        };
        for (const event of EVENTS) stream.on(event, settle);
      });
    }
  }

  giveBack(rest: Uint8Array): void {
    this.#stream.unshift(rest);
  }
}
