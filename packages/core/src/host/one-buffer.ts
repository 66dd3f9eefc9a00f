import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable } from 'node:stream';

/** As much as a socketpair holds is read at once. */
const READ_SIZE = 65536;

/** What Node keeps behind the sockets of a child process. */
interface StreamHandle {
  reading: boolean;
  readStop(): number;
  useUserBuffer?(buffer: Uint8Array): void;
}

/**
 * Reads a pipe of a child process into one buffer for ever, instead of into a new one each time: at the rate of a socketpair the collector
 * would otherwise run tens of megabytes behind. `onread` is a documented option of sockets, but child processes make theirs without
 * it; so the handle is moved to a socket that has it. Undefined where that is not possible, on other runtimes than Node: Deno (2.9) has it, and keeps such a socket with its buffer for
 * ever.
 */
export function readIntoOneBuffer(pipe: Readable, onChunk: (chunk: Uint8Array) => void): Socket | undefined {
  // Node's own name for it
  // oxlint-disable-next-line no-underscore-dangle
  const handle = (pipe as unknown as { _handle?: StreamHandle })._handle;
  if ('Deno' in globalThis || typeof handle?.useUserBuffer !== 'function' || pipe.readableLength > 0)
    return undefined;
  handle.readStop();
  handle.reading = false;
  const socket = new Socket({
    handle,
    onread: {
      buffer: new Uint8Array(READ_SIZE),
      callback(size: number, buffer: Uint8Array) {
        onChunk(buffer.subarray(0, size));
        return true;
      },
    },
  } as SocketConstructorOpts);
  return socket;
}
