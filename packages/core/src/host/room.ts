import type { Writable } from 'node:stream';
import { checkForCall } from '../stack-room.ts';

const needStack = checkForCall();

/** Waits for room in a stream, once for all who wait: a thousand senders would be a thousand listeners. */
export class Room {
  readonly #stream: Writable;
  #waiting: Promise<void> | undefined;
  #release = (): void => {};

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Resolves when there is room again, or never will be. */
  wait(): Promise<void> {
    const stream = this.#stream;
    if (this.#waiting) return this.#waiting;
    needStack();
    this.#waiting = new Promise((resolve) => {
      this.#release = () => {
        this.#waiting = undefined;
        stream.off('drain', this.#release);
        stream.off('close', this.#release);
        resolve();
      };
      stream.on('drain', this.#release);
      stream.on('close', this.#release);
    });
    return this.#waiting;
  }

  /** Lets all go on who wait. */
  release(): void {
    this.#release();
  }
}
