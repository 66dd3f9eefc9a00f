import type { Socket } from 'node:net';
import type { Connection, ConnectionSink, Exit } from '../registry/contracts.ts';
import { ByteStreams } from './byte-streams.ts';

/** A stream to an address. It started nothing, so there is nothing to kill. */
export class DialedConnection implements Connection {
  readonly closed: Promise<Exit>;
  readonly remoteAddress: string;
  readonly #streams: ByteStreams;
  readonly #socket: Socket;
  #reason: Error | undefined;

  constructor(socket: Socket, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.#streams = new ByteStreams(socket, socket);
    socket.on('error', (error) => {
      this.#reason ??= error;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve({ stderr: '', ...(this.#reason ? { error: this.#reason } : {}) }));
    });
  }

  start(sink: ConnectionSink): void {
    this.#streams.start(sink);
  }

  write(chunk: Uint8Array): boolean {
    return this.#streams.write(chunk);
  }

  drained(): Promise<void> {
    return this.#streams.drained();
  }

  get queued(): number {
    return this.#streams.queued;
  }

  pause(): void {
    this.#streams.pause();
  }

  resume(): void {
    this.#streams.resume();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  end(): void {
    this.#streams.end();
  }

  async abort(reason?: Error): Promise<void> {
    this.#reason ??= reason;
    this.#streams.destroy();
    await this.closed;
  }
}
