import { Code, EMPTY, encodeFrame } from '../wire/index.ts';

/** One item on a channel that is closed behind it: the answer to STATUS, which no execution gives. */
export function statusFrames(id: number, item: Uint8Array): Uint8Array {
  return concat(encodeFrame(Code.CHANNEL_DATA, id, item), encodeFrame(Code.CHANNEL_CLOSE, id, EMPTY));
}

export function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
