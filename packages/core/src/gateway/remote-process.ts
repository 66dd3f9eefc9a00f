import { constants } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { ExecnetError } from '../errors/index.ts';
import { readsFrom, writesTo } from '../host/index.ts';
import { onAbort } from '../on-abort.ts';
import { web } from '../web.ts';
import { asyncDisposable } from '../well-known.ts';
import { Printed } from './printed.ts';
import type { RelayedConnection } from './relayed-connection.ts';

/** Options of `spawn`. */
export interface ProcessOptions {
  /** Working folder, which has to exist. Default: that in which the remote end was started. */
  readonly cwd?: string | undefined;
  /** Variables set on top of the environment of the remote end. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Added to the niceness, -20 to 19. */
  readonly nice?: number | undefined;
  /** Kills the process, and all of its group, when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The end of a process: one of both is null, as with `child_process`. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A process at the remote end, in a group of its own. It works whatever code of the gateway does, and ends with the gateway. While it runs it keeps the local
 * program alive.
 *
 * Iterating over it gives the lines of its standard output, without their ends, and fails in the end if the process has failed: with
 * `ERR_EXECNET_PROCESS_FAILED` if its exit code is not 0, or with the reason of `signal`. Leaving the loop kills it.
 */
export class RemoteProcess implements AsyncIterable<string>, AsyncDisposable {
  readonly pid: number;
  /** Ending it is the end of the input of the process. What is written after the process has ended is dropped. */
  readonly stdin: Writable;
  /** While nobody reads it, the process waits, as with `child_process`. */
  readonly stdout: Readable;
  /**
   * Its end; what it has left behind in its group is killed then. It waits for output that nobody reads. Rejects with `ConnectionLostError` if the gateway
   * has ended before.
   */
  readonly exited: Promise<ProcessExit>;
  readonly #connection: RelayedConnection;
  readonly #name: string;
  readonly #stderr = new Printed();
  readonly #signal: AbortSignal | undefined;
  #stderrRead = false;
  #tail = '';
  #over = false;

  /** Processes are made by gateways; not to be called by users. */
  constructor(connection: RelayedConnection, name: string, signal: AbortSignal | undefined) {
    this.#connection = connection;
    this.#name = name;
    this.#signal = signal;
    this.pid = connection.pid as number;
    this.stdin = inputOf(connection);
    this.stdout = this.#start();
    this.exited = this.#exit();
    // who wants to know awaits it
    this.exited.catch(() => {});
  }

  /** Until it is first looked at, nothing waits for its reader: 4 MiB are kept, and a line says how much was dropped. After that it is as {@link stdout}. */
  get stderr(): Readable {
    this.#stderrRead = true;
    return this.#stderr.stream;
  }

  /** Sends a signal to the process and all of its group. Does nothing when it has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (!Object.hasOwn(constants.signals, signal)) throw new TypeError(`${String(signal)} is no signal`);
    if (this.#over) return;
    if (signal === 'SIGKILL') this.#connection.abort().catch(() => {});
    else this.#connection.signal(signal);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    let left = true;
    try {
      const decoder = new (web('TextDecoder', 'node:util'))();
      let rest = '';
      for await (const chunk of this.stdout) {
        // a line may be very long: it is put together, and searched once
        const lines = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
        lines[0] = rest + lines[0];
        rest = lines.pop() as string;
        for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      rest += decoder.decode();
      if (rest !== '') yield rest;
      left = false;
    } finally {
      if (left) await this[Symbol.asyncDispose]();
    }
    const { code, signal } = await this.exited;
    if (code === 0) return;
    if (signal === 'SIGKILL') this.#signal?.throwIfAborted();
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    const said = this.#tail.trim();
    throw new ExecnetError(
      'ERR_EXECNET_PROCESS_FAILED',
      `${this.#name} ${how}${said === '' ? '' : `; it said:\n${said}`}`,
    );
  }

  /** Kills it, and all of its group, if it still runs; resolves when nothing of it is left, and rejects with a `TerminateError` that names what is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.#connection.abort();
  }

  static {
    asyncDisposable(RemoteProcess.prototype);
  }

  toString(): string {
    return `<RemoteProcess ${this.pid}: ${this.#name}>`;
  }

  #start(): Readable {
    const connection = this.#connection;
    const { read, into } = readsFrom(connection);
    const stdout = new Readable({
      read,
      destroy(error, done) {
        // the process goes on, and nobody waits for its output
        connection.resume();
        done(error);
      },
    });
    // the end of the gateway: who reads hears of it, and who does not is told by `exited`
    stdout.on('error', () => {});
    into(stdout, (_, chunk) => {
      // what is kept must be nobody else's
      const room = this.#stderr.take(Buffer.from(chunk));
      return this.#stderrRead ? room : undefined;
    });
    if (this.#signal)
      void connection.closed.then(onAbort(this.#signal, () => void connection.abort().catch(() => {})));
    return stdout;
  }

  async #exit(): Promise<ProcessExit> {
    const { code = null, signal = null, error, stderr } = await this.#connection.closed;
    this.#over = true;
    this.#tail = stderr;
    this.#stderr.end();
    this.stdin.destroy();
    if (error) throw error;
    return { code, signal: signal as NodeJS.Signals | null };
  }
}

function inputOf(connection: RelayedConnection): Writable {
  return new Writable({
    ...writesTo(connection),
    destroy(error, done) {
      connection.end();
      done(error);
    },
  });
}
