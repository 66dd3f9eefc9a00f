import type { Readable, Writable } from 'node:stream';
import type { ConnectionSink } from '../registry/contracts.ts';

/** What sockets have and plain streams have not. */
type Handle = { ref?(): unknown; unref?(): unknown };

/** The two directions of a connection over Node streams: everything that does not depend on what is behind them. */
export class ByteStreams {
  readonly input: Readable;
  readonly #output: Writable;
  #sink: ConnectionSink | undefined;
  #ended = false;
  #ending = false;

  constructor(input: Readable, output: Writable) {
    this.input = input;
    this.#output = output;
    // a broken pipe shows as the end of the input, which tells more
    output.on('error', () => {});
    input.on('error', () => {});
  }

  start(sink: ConnectionSink): void {
    if (this.#sink) throw new TypeError('a connection is started once');
    this.#sink = sink;
    let failure: Error | undefined;
    this.input.on('data', (chunk: Uint8Array) => {
      if (!this.#ended) sink.data(chunk);
    });
    this.input.on('error', (error) => {
      failure = error;
    });
    this.input.on('end', () => this.finish());
    this.input.on('close', () => this.finish(failure));
  }

  /** Tells the sink that nothing more will come; once. */
  finish(reason?: Error): void {
    if (this.#ended || !this.#sink) return;
    this.#ended = true;
    this.#sink.end(reason);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ending || this.#output.destroyed) return true;
    return this.#output.write(chunk);
  }

  drained(): Promise<void> {
    const output = this.#output;
    if (output.destroyed || !output.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        output.off('drain', done);
        output.off('close', done);
        resolve();
      };
      output.on('drain', done);
      output.on('close', done);
    });
  }

  get queued(): number {
    return this.#output.writableLength;
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
