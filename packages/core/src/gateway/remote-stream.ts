import type { Channel } from '../channel/index.ts';
import { CancelledError } from '../errors/index.ts';

/**
 * What remote code yields, as it comes; the other end gets ahead of the reader by the window of a channel. Leaving a loop over it stops the code there.
 * Concurrent `next` get the items in the order of their calls.
 */
export class RemoteStream<Item> implements AsyncIterableIterator<Item, undefined>, AsyncDisposable {
  readonly #channel: Channel<Item, never>;
  readonly #items: AsyncGenerator<Item, void, void>;
  readonly #left: CancelledError;

  /** Streams are made by gateways; not to be called by users. */
  constructor(channel: Channel<Item, never>, name: string) {
    this.#channel = channel;
    this.#items = channel[Symbol.asyncIterator]();
    this.#left = new CancelledError(`${name} was left`);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. Rejects with the `RemoteError` of the code, with `ConnectionLostError`, or with the reason of the `signal` that was given. */
  async next(): Promise<IteratorResult<Item, undefined>> {
    try {
      const { done, value } = await this.#items.next();
      return done ? ENDED : { done: false, value };
    } catch (error) {
      if (error === this.#left) return ENDED;
      throw error;
    }
  }

  /** Stops the code, and resolves when it is over; rejects with what its clean-up failed with, and with `ERR_EXECNET_STILL_RUNNING` when it goes on after 5000 ms. */
  async return(): Promise<IteratorResult<Item, undefined>> {
    this.#channel.cancel(this.#left);
    await this.#channel[Symbol.asyncDispose]();
    return ENDED;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

const ENDED: IteratorReturnResult<undefined> = { done: true, value: undefined };
