import { queueMicrotask } from '../clock.ts';
import type { ConnectionSink, OutputStream } from '../registry/contracts.ts';

/** The way to the sink of a connection: what comes before there is one is kept, and delivered first. */
export class Delivery implements ConnectionSink {
  #started = false;
  #sink: ConnectionSink | undefined;
  #early: ((sink: ConnectionSink) => void)[] = [];

  /** Begins to deliver, once, when the caller is done: a sink is told nothing before `start` has returned. */
  start(sink: ConnectionSink): void {
    if (this.#started) throw new TypeError('a connection is started once');
    this.#started = true;
    queueMicrotask(() => {
      this.#sink = sink;
      for (const tell of this.#early) tell(sink);
      this.#early = [];
    });
  }

  data(chunk: Uint8Array, owned = false): void {
    if (this.#sink) this.#sink.data(chunk, owned);
    else {
      const kept = owned ? chunk : chunk.slice();
      this.#early.push((sink) => sink.data(kept, true));
    }
  }

  output(stream: OutputStream, chunk: Uint8Array): void | Promise<void> {
    if (this.#sink) return this.#sink.output(stream, chunk);
    this.#early.push((sink) => void sink.output(stream, chunk));
  }

  end(reason?: Error): void {
    this.#tell((sink) => sink.end(reason));
  }

  #tell(event: (sink: ConnectionSink) => void): void {
    if (this.#sink) event(this.#sink);
    else this.#early.push(event);
  }
}
