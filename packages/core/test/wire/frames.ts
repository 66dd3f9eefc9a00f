import fc from 'fast-check';
import { Code, encodeFrame, FrameDecoder } from '../../src/wire/index.ts';

/** A frame as a handler sees it, with a payload of its own. */
export interface Frame {
  readonly code: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

export function frame(code: number, id: number, payload: ArrayLike<number> = []): Frame {
  return { code, id, payload: Uint8Array.from(payload) };
}

/** The frames one behind the other, as they are on a connection. */
export function encodeAll(frames: readonly Frame[]): Uint8Array {
  return concat(frames.map(({ code, id, payload }) => encodeFrame(code, id, payload)));
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** What a decoder makes of these chunks. Each lies in memory that is overwritten after its push, as with a read buffer. */
export function decode(chunks: readonly Uint8Array[]): Frame[] {
  const frames: Frame[] = [];
  const decoder = new FrameDecoder((code, id, payload, owned) => {
    frames.push({ code, id, payload: owned ? payload : payload.slice() });
  });
  for (const chunk of chunks) {
    // not slice(), which copies nothing of a Buffer
    const buffer = Uint8Array.from(chunk);
    decoder.push(buffer);
    buffer.fill(0xee);
  }
  return frames;
}

/** `bytes` cut at these places, which are taken modulo its length. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.slice(from, sorted[index] ?? bytes.length));
}

const codes = Object.values(Code);

/** Frames with payloads around every size at which something changes. */
export const anyFrames: fc.Arbitrary<Frame[]> = fc.array(
  fc.record(
    {
      code: fc.constantFrom(...codes),
      id: fc.integer({ min: 0, max: 0x7fffffff }),
      payload: fc.oneof(
        { weight: 6, arbitrary: fc.uint8Array({ maxLength: 64 }) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.constantFrom(16383, 16384, 65527, 65536, 65537, 200_000), fc.nat(255))
            .map(([size, seed]) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff)),
        },
      ),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 12 },
);
