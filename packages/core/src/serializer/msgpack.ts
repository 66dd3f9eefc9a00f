import { Unpackr } from 'msgpackr/unpack';
import { LoadError } from '../errors/index.ts';
import { MsgpackEncoder } from './msgpack-encoder.ts';
import { Reviver } from './msgpack-revive.ts';
import { Scanner } from './msgpack-scan.ts';
import { MARK } from './msgpack-tags.ts';
import { type ChannelCodec, DEFAULT_LIMITS, type Limits, type Serializer } from './types.ts';

/** A whole message up to this size is read from a copy in memory of our own, which spares msgpackr a view for each message. */
const SCRATCH_SIZE = 4096;

/** Beyond this size what msgpackr still holds of a message is worth to be let go. */
const WORTH_FREEING = 64 * 1024;

const scratch = new Uint8Array(SCRATCH_SIZE);
const copying = new Unpackr({ mapsAsObjects: true, copyBuffers: true });
const aliasing = new Unpackr({ mapsAsObjects: true });

/** Reading it makes msgpackr let go of what it read before. */
const nothing = Uint8Array.of(0xc0);

/** The object that msgpackr makes of the byte that MessagePack never uses; looked up when needed, as loading this costs a boot. */
let mark: unknown;

/**
 * MessagePack between JavaScript ends, with everything that `structuredClone` carries and that is data, channels, and the
 * value classes of this package (`docs/protocol.md` has the format).
 *
 * Different from `structuredClone`: what would lose its class or its properties is a `DumpError`; views travel without the rest of
 * their buffer, so that two views of one buffer arrive as two buffers; a Node.js Buffer arrives as Uint8Array; an error of a derived
 * class arrives as the builtin class below it, with its `name`, `stack`, `cause` and properties. Symbols as keys, and named properties
 * of arrays, are looked for in the first 128 objects with the same keys, or arrays, of a value; if there are none, no further.
 */
export function msgpack(limits: Partial<Limits> = {}): Serializer {
  const effective = { ...DEFAULT_LIMITS, ...limits };
  const { maxPayload, maxDepth } = effective;
  const encoder = new MsgpackEncoder(effective);
  // Tags and the properties of errors take levels of their own around and in the deepest value.
  const scanner = new Scanner(maxDepth + 2);

  function read(bytes: Uint8Array, channels: ChannelCodec | undefined): unknown {
    const { length } = bytes;
    if (length > maxPayload) {
      throw new LoadError(
        `the value takes ${length} bytes, which is above the limit of ${maxPayload} (maxPayload)`,
      );
    }
    const marked = bytes[0] === MARK;
    scanner.scan(bytes, marked ? 1 : 0, marked);
    if (marked) {
      mark ??= aliasing.unpack(Uint8Array.of(MARK));
      const own = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, length - 1);
      return new Reviver(mark, channels).revive(aliasing.unpack(own));
    }
    if (length <= SCRATCH_SIZE) {
      scratch.set(bytes);
      return copying.unpack(scratch, length);
    }
    return copying.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, length));
  }

  return {
    name: 'msgpack',
    // A getter of the value's may dump something else meanwhile.
    dump: (value, channels) =>
      (encoder.busy ? new MsgpackEncoder(effective) : encoder).encode(value, channels),
    reclaim: (bytes) => encoder.reclaim(bytes),
    dumpParts: (value, channels) =>
      (encoder.busy ? new MsgpackEncoder(effective) : encoder).encodeParts(value, channels),
    load(bytes, channels) {
      try {
        return read(bytes, channels);
      } catch (error) {
        if (error instanceof LoadError) throw error;
        throw new LoadError(
          `the bytes are no value: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      } finally {
        if (bytes.length > WORTH_FREEING) aliasing.unpack(nothing);
      }
    },
  };
}
