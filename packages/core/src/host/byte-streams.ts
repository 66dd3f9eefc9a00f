import { WriteStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { ConnectionSink } from '../registry/contracts.ts';
import { readIntoOneBuffer } from './one-buffer.ts';
import { Room } from './room.ts';

/** As it is when this is loaded, see the clock. */
const nextTick = process.nextTick.bind(process);

/** What sockets have and plain streams have not. */
type Handle = { ref?(): unknown; unref?(): unknown };

/** The two directions of a connection over Node streams: everything that does not depend on what is behind them. */
export class ByteStreams {
  /** Where the bytes of the peer come from. */
  input: Readable;
  readonly #output: Writable;
  #sink: ConnectionSink | undefined;
  readonly #room: Room;
  #ended = false;
  #ending = false;
  #corked = false;
  /** Bun's stream to the stdin of a child process does not tell what waits in it: then the bytes are counted here. */
  readonly #counts: boolean;
  #counted = 0;

  constructor(input: Readable, output: Writable) {
    this.input = input;
    this.#output = output;
    this.#room = new Room(output);
    this.#counts = output instanceof WriteStream;
    // a broken pipe shows as the end of the input, which tells more
    output.on('error', () => {});
    input.on('error', () => {});
  }

  start(sink: ConnectionSink): void {
    if (this.#sink) throw new TypeError('a connection is started once');
    this.#sink = sink;
    const deliver = (chunk: Uint8Array, owned: boolean): void => {
      if (!this.#ended) sink.data(chunk, owned);
    };
    const direct =
      (this.input as unknown) === this.#output
        ? undefined
        : readIntoOneBuffer(this.input, (chunk) => deliver(chunk, false));
    if (direct) this.input = direct;
    else this.input.on('data', (chunk: Uint8Array) => deliver(chunk, true));
    let failure: Error | undefined;
    this.input.on('error', (error) => {
      failure = error;
    });
    this.input.on('end', () => this.finish());
    this.input.on('close', () => this.finish(failure));
    if (direct) direct.read(0);
  }

  /** Tells the sink that nothing more will come; once. */
  finish(reason?: Error): void {
    if (this.#ended || !this.#sink) return;
    this.#ended = true;
    this.#sink.end(reason);
  }

  write(chunk: Uint8Array): boolean {
    const output = this.#output;
    if (this.#ending || output.destroyed) return true;
    if (!this.#corked) {
      // what is written in one go leaves in one call of the system: a large item is many chunks
      this.#corked = true;
      output.cork();
      nextTick(() => {
        this.#corked = false;
        output.uncork();
      });
    }
    if (!this.#counts) return output.write(chunk);
    this.#counted += chunk.length;
    return output.write(chunk, () => {
      this.#counted -= chunk.length;
    });
  }

  drained(): Promise<void> {
    const output = this.#output;
    const full = this.#counts ? this.#counted > 0 : output.writableNeedDrain;
    return output.destroyed || !full ? Promise.resolve() : this.#room.wait();
  }

  get queued(): number {
    return this.#counts ? this.#counted : this.#output.writableLength;
  }

  pause(): void {
    this.input.pause();
  }

  resume(): void {
    this.input.resume();
  }

  ref(): void {
    (this.input as Handle).ref?.();
    (this.#output as Handle).ref?.();
  }

  unref(): void {
    (this.input as Handle).unref?.();
    (this.#output as Handle).unref?.();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#output.end();
  }

  destroy(): void {
    this.#ending = true;
    this.#output.destroy();
    this.input.destroy();
  }
}
