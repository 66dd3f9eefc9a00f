import type { Channel } from '../channel/index.ts';
import { CancelledError } from '../errors/index.ts';
import { asyncDisposable } from '../well-known.ts';

/**
 * The items that remote code yields, as they come; the other end gets ahead of the reader by the window of a channel. Leaving a loop over it stops the code there.
 * Concurrent `next` get the items in the order of their calls.
 */
export class RemoteStream<Item> implements AsyncIterableIterator<Item, undefined>, AsyncDisposable {
  readonly #channel: Channel<Item, never>;
  readonly #items: AsyncGenerator<Item, void, void>;
  readonly #signal: AbortSignal | undefined;
  readonly #leaving: CancelledError;
  #left: Promise<void> | undefined;
  #over = false;

  /** Streams are made by gateways; not to be called by users. */
  constructor(channel: Channel<Item, never>, signal: AbortSignal | undefined, name: string) {
    this.#channel = channel;
    this.#items = channel[Symbol.asyncIterator]();
    this.#signal = signal;
    this.#leaving = new CancelledError(`${name} was left`);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. Rejects with the `RemoteError` of the code, with `ConnectionLostError`, or with the reason of the `signal` that was given. */
  async next(): Promise<IteratorResult<Item, undefined>> {
    try {
      if (this.#left) return ENDED;
      // also where the code has ended, and only the reader is behind
      if (!this.#over) this.#signal?.throwIfAborted();
      const { done, value } = await this.#items.next();
      if (done) this.#over = true;
      return done || this.#left ? ENDED : { done: false, value };
    } catch (error) {
      if (error === this.#leaving) return ENDED;
      throw error;
    }
  }

  /** Stops the code, and resolves when it is over; rejects with what its clean-up failed with, and with `ERR_EXECNET_STILL_RUNNING` when it goes on after 5000 ms. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#left ??= this.#leave();
    await this.#left;
    return ENDED;
  }

  /** As {@link return}, and rejects with `error` then. */
  async throw(error?: unknown): Promise<IteratorResult<Item, undefined>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  static {
    asyncDisposable(RemoteStream.prototype);
  }

  async #leave(): Promise<void> {
    this.#channel.cancel(this.#leaving);
    await this.#channel[Symbol.asyncDispose]();
  }
}

const ENDED: IteratorReturnResult<undefined> = { done: true, value: undefined };
