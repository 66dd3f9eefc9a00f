import { web } from '../web.ts';
import { nodeBuffer } from './node-buffer.ts';

const utf8Slice = nodeBuffer?.prototype?.utf8Slice;
export const encoder: InstanceType<typeof TextEncoder> = new (web('TextEncoder', 'node:util'))();
/** Made when needed: it costs a remote end more to make than all of this folder to load. */
let strict: InstanceType<typeof TextDecoder> | undefined;

/** The length of `text` in UTF-8. */
export function utf8Length(text: string): number {
  return nodeBuffer?.byteLength ? nodeBuffer.byteLength(text) : encoder.encode(text).length;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether `text` holds no half of a surrogate pair, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  // Node 18 lacks String.prototype.isWellFormed.
  const native = (text as { isWellFormed?(): boolean }).isWellFormed;
  return native ? native.call(text) : !LONE_SURROGATE.test(text);
}

/** The text that `bytes` from `start` to `end` say. Fails with a TypeError if they are no UTF-8. Keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start < 16) {
    let text = '';
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) break;
      text += String.fromCharCode(byte);
    }
    if (i === end) return text;
  }
  if (utf8Slice !== undefined) {
    const text = utf8Slice.call(bytes, start, end);
    // Node.js puts this character where the bytes are wrong; only the strict decoder knows whether it was there before.
    if (!text.includes('\ufffd')) return text;
  }
  strict ??= new (web('TextDecoder', 'node:util'))('utf-8', { fatal: true, ignoreBOM: true });
  return strict.decode(bytes.subarray(start, end));
}
