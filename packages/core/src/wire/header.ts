/** `int8` code, `int32` channel id, `int32` payload length, big-endian: execnet's own. */
export const HEADER_SIZE = 9;

/**
 * Largest payload of a data frame between two ends of ours; larger items travel in fragments. Bounds how long one frame keeps others
 * waiting, and how long a remote thread holds the write lock: some 0.1 ms. With 64 KiB the reader is woken four times as often, which was
 * seen to cost a third of the throughput.
 */
export const FRAGMENT_SIZE = 262144;

/** Writes a header at `offset`; the caller has made room. Five plain numbers, not an object: this runs for every frame. */
// oxlint-disable-next-line max-params
export function writeHeader(
  target: Uint8Array,
  offset: number,
  code: number,
  id: number,
  length: number,
): void {
  target[offset] = code;
  writeInt32(target, offset + 1, id);
  writeInt32(target, offset + 5, length);
}

/** One frame in a buffer of its own: for control frames, which are few and small. */
export function encodeFrame(code: number, id: number, payload: Uint8Array = EMPTY): Uint8Array {
  const frame = new Uint8Array(HEADER_SIZE + payload.length);
  writeHeader(frame, 0, code, id, payload.length);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

/** Big-endian, as everything in a header. */
export function writeInt32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

export function readInt32(source: Uint8Array, offset: number): number {
  return (
    ((source[offset] as number) << 24) |
    ((source[offset + 1] as number) << 16) |
    ((source[offset + 2] as number) << 8) |
    (source[offset + 3] as number)
  );
}

/** A payload that is one `int32` or `uint32`. */
export function int32Payload(value: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeInt32(payload, 0, value);
  return payload;
}

export const EMPTY: Uint8Array = new Uint8Array(0);
