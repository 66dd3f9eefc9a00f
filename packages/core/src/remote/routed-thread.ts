import type { MessagePort, Worker } from 'node:worker_threads';
import { Code, encodeFrame, int32Payload } from '../wire/index.ts';
import type { ExecutorThread } from './executor.ts';
import { type Ring, Word } from './ring.ts';
import type { Route } from './router.ts';

/** An executing thread as the receiver sees it: where its frames go, and how busy it is. */
export class RoutedThread implements Route, ExecutorThread {
  readonly port: MessagePort;
  readonly #ring: Ring;
  readonly #worker: Worker | undefined;
  #overflow: Uint8Array[] = [];

  constructor(ring: Ring, port: MessagePort, worker?: Worker) {
    this.#ring = ring;
    this.port = port;
    this.#worker = worker;
  }

  get executing(): number {
    return Atomics.load(this.#ring.words, Word.EXECUTING);
  }

  get channels(): number {
    return Atomics.load(this.#ring.words, Word.CHANNELS);
  }

  /** An execution is about to be given to it. */
  begin(): void {
    Atomics.add(this.#ring.words, Word.EXECUTING, 1);
  }

  close(): void {
    // by message, behind all frames: the main thread has no worker and never closes
    if (this.#worker) this.write(encodeFrame(Code.GOODBYE, 0, int32Payload(0)));
  }

  /** Passes bytes on, in order. What does not fit is kept: flow control bounds how much that can be. */
  write(bytes: Uint8Array): void {
    if (this.#overflow.length > 0) {
      this.#overflow.push(bytes.slice());
      this.flush();
      return;
    }
    const written = this.#ring.write(bytes);
    if (written < bytes.length) {
      this.#overflow.push(bytes.slice(written));
      this.flush();
    } else this.#wake();
  }

  /** Writes what was kept, as far as there is room. */
  flush(): void {
    const { words } = this.#ring;
    while (this.#overflow.length > 0) {
      const bytes = this.#overflow[0] as Uint8Array;
      let written = this.#ring.write(bytes);
      if (written < bytes.length) {
        // asked first, then tried again: the reader may have made room in between
        Atomics.store(words, Word.FULL, 1);
        written += this.#ring.write(bytes.subarray(written));
      }
      if (written < bytes.length) {
        this.#overflow[0] = bytes.subarray(written);
        break;
      }
      this.#overflow.shift();
    }
    this.#wake();
  }

  #wake(): void {
    const { words } = this.#ring;
    if (Atomics.load(words, Word.BLOCKED) === 1) Atomics.notify(words, Word.HEAD, 1);
    else if (Atomics.exchange(words, Word.WOKEN, 1) === 0) this.port.postMessage(0);
  }
}
