/** What of Node's `Buffer` is faster than the ways of the language. */
interface NodeBuffer {
  allocUnsafeSlow?(size: number): Uint8Array;
  byteLength?(text: string): number;
  prototype?: {
    latin1Slice?(this: Uint8Array, start: number, end: number): string;
    utf8Slice?(this: Uint8Array, start: number, end: number): string;
    utf8Write?(this: Uint8Array, text: string, offset: number, length: number): number;
  };
}

const globals = globalThis as { Buffer?: NodeBuffer; Deno?: object };

/** Undefined on Deno, where it is an imitation: it is not faster, and to touch it once takes as long as the rest of a start, 20 to 40 ms. */
export const nodeBuffer: NodeBuffer | undefined = globals.Deno ? undefined : globals.Buffer;

/** Memory that is not zeroed where the interpreter has such; for those who write all of it before anybody sees it. */
export function allocateUnsafe(size: number): Uint8Array<ArrayBuffer> {
  const raw = nodeBuffer?.allocUnsafeSlow?.(size);
  return raw ? new Uint8Array(raw.buffer as ArrayBuffer, raw.byteOffset, size) : new Uint8Array(size);
}
