import { Bun, builtin, Deno, type DenoRuntime, libc, runtime } from './runtime.ts';

/**
 * Reads and writes descriptors without the event loop, and reads one with it.
 *
 * Descriptors are used as they are: JavaScript interpreters own only those that they opened, and Deno refuses all others, so there libc is
 * called directly.
 */
export interface RawIo {
  /** Blocks until there are bytes; 0 at the end of file. */
  read(target: Uint8Array): number;
  /** Writes all of `chunk` and then of `body`, blocking. Throws when the other end is gone. */
  write(chunk: Uint8Array, body?: Uint8Array): void;
  /** Delivers what arrives on the event loop; a chunk is valid during the call only. `onEnd` is called once. */
  start(onChunk: (chunk: Uint8Array) => void, onEnd: () => void): void;
}

/** More than a socketpair holds, so that each read takes all there is. */
export const READ_SIZE = 262144;

/** How long to wait before a descriptor that was made non-blocking by somebody else is tried again, in milliseconds. */
const RETRY = 1;

const nowhere = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps; for the rare cases in which a descriptor is not ready. */
export function pauseThread(milliseconds: number): void {
  Atomics.wait(nowhere, 0, 0, milliseconds);
}

export function rawIo(input: number, output: number): RawIo {
  return runtime === 'deno' && (input > 2 || output > 2) ? denoIo(input, output) : nodeIo(input, output);
}

let taken: Pick<typeof import('node:fs'), 'readSync' | 'writeSync' | 'writevSync'> | undefined;

/** The calls for descriptors as they are at first: file systems in memory, and tests, put others in their place. */
function files(): NonNullable<typeof taken> {
  if (taken) return taken;
  const { readSync, writeSync, writevSync } = builtin('node:fs');
  taken = { readSync, writeSync, writevSync };
  return taken;
}

/** Writes all of `chunk` to a descriptor that the interpreter itself uses too: stdout and stderr. */
export function writeAll(fd: number, chunk: Uint8Array): void {
  const { writeSync } = files();
  let at = 0;
  while (at < chunk.length) at += retrying(() => writeSync(fd, chunk, at, chunk.length - at));
}

function retrying(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EAGAIN') pauseThread(RETRY);
      else if (code !== 'EINTR') throw error;
    }
  }
}

function nodeIo(input: number, output: number): RawIo {
  const { readSync, writevSync } = files();
  return {
    read: (target) => {
      try {
        return retrying(() => readSync(input, target, 0, target.length, null));
      } catch (error) {
        // Node on some platforms reports the end of a pipe so; a peer that was killed may leave a reset behind
        const { code } = error as { code?: string };
        if (code === 'EOF' || code === 'ECONNRESET') return 0;
        throw error;
      }
    },
    write(chunk, body) {
      if (body === undefined) {
        writeAll(output, chunk);
        return;
      }
      const written = retrying(() => writevSync(output, [chunk, body]));
      if (written < chunk.length) writeAll(output, chunk.subarray(written));
      const begun = Math.max(0, written - chunk.length);
      if (begun < body.length) writeAll(output, body.subarray(begun));
    },
    start(onChunk, onEnd) {
      if (Bun) void readBun(Bun.file(input).stream(), onChunk, onEnd);
      else readNode(input, onChunk, onEnd);
    },
  };
}

function readNode(fd: number, onChunk: (chunk: Uint8Array) => void, onEnd: () => void): void {
  const { Socket } = builtin('node:net');
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    onEnd();
  };
  const socket = new Socket({
    fd,
    readable: true,
    writable: false,
    // one buffer for ever: nothing is allocated for what arrives
    onread: {
      buffer: new Uint8Array(READ_SIZE),
      callback(size: number, buffer: Uint8Array) {
        onChunk(buffer.subarray(0, size));
        return true;
      },
    },
  } as import('node:net').SocketConstructorOpts);
  socket.on('end', end);
  socket.on('error', end);
  socket.on('close', end);
  socket.read(0);
}

/** Bun's `net.Socket({ fd })` delivers nothing; its file streams read any descriptor without blocking the thread. */
async function readBun(
  stream: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
  onEnd: () => void,
): Promise<void> {
  try {
    for await (const chunk of stream) onChunk(chunk);
  } finally {
    onEnd();
  }
}

const EINTR = 4;
/** Linux 11, macOS 35. */
const EAGAIN = [11, 35];

function denoIo(input: number, output: number): RawIo {
  const deno = Deno as DenoRuntime;
  const mac = deno.build.os === 'darwin';
  const call = { parameters: ['i32', 'buffer', 'usize'], result: 'isize' };
  const errnoSymbol = mac ? '__error' : '__errno_location';
  const c = libc(deno, {
    read: call,
    write: call,
    readLater: { ...call, name: 'read', nonblocking: true },
    fcntl: { parameters: ['i32', 'i32', 'i32'], result: 'i32' },
    [errnoSymbol]: { parameters: [], result: 'pointer' },
  });
  // Deno lets children inherit what it did not open itself: they would hold the connection open
  const F_SETFD = 2;
  const FD_CLOEXEC = 1;
  c['fcntl']?.(input, F_SETFD, FD_CLOEXEC);
  c['fcntl']?.(output, F_SETFD, FD_CLOEXEC);
  const checked = (name: 'read' | 'write', fd: number, chunk: Uint8Array): number => {
    for (;;) {
      const result = Number(c[name]?.(fd, chunk, BigInt(chunk.length)));
      if (result >= 0) return result;
      const errno = new deno.UnsafePointerView(c[errnoSymbol]?.()).getInt32();
      if (EAGAIN.includes(errno)) pauseThread(RETRY);
      else if (errno !== EINTR) throw new Error(`${name} failed with errno ${errno}`);
    }
  };
  const all = (chunk: Uint8Array): void => {
    let at = 0;
    while (at < chunk.length) at += checked('write', output, at === 0 ? chunk : chunk.subarray(at));
  };
  return {
    read: (target) => checked('read', input, target),
    write(chunk, body) {
      all(chunk);
      if (body) all(body);
    },
    start(onChunk, onEnd) {
      const buffer = new Uint8Array(READ_SIZE);
      const next = async (): Promise<void> => {
        for (;;) {
          const size = Number(await c['readLater']?.(input, buffer, BigInt(READ_SIZE)));
          if (size <= 0) break;
          onChunk(buffer.subarray(0, size));
        }
        onEnd();
      };
      void next();
    },
  };
}
