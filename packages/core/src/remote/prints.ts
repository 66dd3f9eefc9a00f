import { writeAll } from './raw-io.ts';
import { builtin, runtime } from './runtime.ts';

const OUTPUTS = [
  ['stdout', 1],
  ['stderr', 2],
] as const;

/**
 * Makes `process.stdout` and `process.stderr` of the main thread write to their descriptors at once, and `console` with them: by themselves
 * they may wait for an event loop that never turns. The streams are made at first use, because loading streams would cost every start.
 */
export function printDirectly(): void {
  // Deno's streams write at once by themselves, and `process` takes it longer to load than all the rest of a start
  if (runtime === 'deno') return;
  for (const [name, fd] of OUTPUTS) {
    let stream: NodeJS.WritableStream | undefined;
    let making = false;
    const make = (): NodeJS.WritableStream => {
      // what Node itself says while it makes one: NODE_DEBUG
      if (making) return { fd, isTTY: false, write: printed(fd) } as unknown as NodeJS.WritableStream;
      making = true;
      try {
        return directStream(fd);
      } finally {
        making = false;
      }
    };
    // a value of ours first: to define a property, Bun asks for what it was, and makes the stream, for 7 ms
    if (runtime === 'bun') (process as unknown as Record<string, unknown>)[name] = undefined;
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => (stream ??= make()),
    });
  }
}

/**
 * The same for a further thread, whose streams otherwise go through the main thread, and are lost while that blocks or spins. Only their
 * `write` is replaced: Node itself expects to find streams of its own making there.
 */
export function printDirectlyInThread(): void {
  // before Node prints by what is below that it loads this
  builtin('node:fs');
  const { nextTick } = process;
  for (const [name, fd] of OUTPUTS) {
    process[name].write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      const encoding = typeof rest[0] === 'string' ? (rest[0] as BufferEncoding) : 'utf8';
      const failure = print(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      const done = rest.find((argument) => typeof argument === 'function') as
        | ((error?: Error | null) => void)
        | undefined;
      if (done) nextTick.call(process, done, failure);
      return true;
    };
  }
  // Node's console asks for process.stdout when it is first used; those of Bun and Deno have ways of their own
  if (runtime === 'node') return;
  let own: Console | undefined;
  Object.defineProperty(globalThis, 'console', {
    configurable: true,
    get: () => (own ??= new (consoleClass())(process.stdout, process.stderr)),
    set: (value: Console) => {
      own = value;
    },
  });
}

/** Writes a line to stderr, whether or not anybody reads it. */
export function complain(line: string): void {
  print(2, new TextEncoder().encode(`${line}\n`));
}

/** Writes at once. A local end that is gone must not end, or change, code that prints: so the failure is returned. */
function print(fd: number, bytes: Uint8Array): Error | null {
  try {
    writeAll(fd, bytes);
    return null;
  } catch (error) {
    return error as Error;
  }
}

const printed =
  (fd: number) =>
  (chunk: string | Uint8Array): boolean =>
    print(fd, typeof chunk === 'string' ? Buffer.from(chunk) : chunk) === null;

function consoleClass(): typeof console.Console {
  return (globalThis as unknown as { require(name: string): { Console: typeof console.Console } }).require(
    'node:console',
  ).Console;
}

function directStream(fd: number): NodeJS.WritableStream {
  const { Writable } = builtin('node:stream');
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      done(print(fd, chunk));
    },
  });
  // a closed stdout must not end code that prints
  stream.on('error', () => {});
  return Object.assign(stream, { fd, _type: 'pipe', isTTY: false });
}
