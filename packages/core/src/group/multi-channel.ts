import { Channel, type WaitOptions, waitFor } from '../channel/index.ts';
import { ChannelClosedError } from '../errors/index.ts';

/** An item, and the channel that it came from. */
export interface FromChannel<Receive = unknown, Send = unknown> {
  readonly channel: Channel<Receive, Send>;
  readonly item: Receive;
}

/** Several channels used as one: to the same code at several remote ends, for instance. */
export class MultiChannel<Receive = unknown, Send = unknown> implements Iterable<Channel<Receive, Send>> {
  readonly #channels: readonly Channel<Receive, Send>[];

  constructor(channels: Iterable<Channel<Receive, Send>>) {
    this.#channels = [...channels];
  }

  /** Number of channels. */
  get size(): number {
    return this.#channels.length;
  }

  [Symbol.iterator](): IterableIterator<Channel<Receive, Send>> {
    return this.#channels.values();
  }

  /** The channel with this number, in the order of the gateways; from the end if it is negative, as of an array. */
  at(index: number): Channel<Receive, Send> | undefined {
    return this.#channels.at(index);
  }

  has(channel: Channel<Receive, Send>): boolean {
    return this.#channels.includes(channel);
  }

  /** Sends the item on every channel; resolves when all have had room, rejects with the first failure. */
  async sendEach(item: Send): Promise<void> {
    await Promise.all(this.#channels.map((channel) => channel.send(item)));
  }

  /** The next item of every channel, in the order of the channels; rejects like `receive`, for the first channel that does. */
  receiveEach(options: WaitOptions & { withChannel: true }): Promise<FromChannel<Receive, Send>[]>;
  receiveEach(options?: WaitOptions & { withChannel?: false }): Promise<Receive[]>;
  receiveEach({ withChannel, ...wait }: WaitOptions & { withChannel?: boolean } = {}): Promise<unknown[]> {
    return Promise.all(
      this.#channels.map(async (channel) => {
        const item = await channel.receive(wait);
        return withChannel ? { channel, item } : item;
      }),
    );
  }

  /**
   * A queue of the items of all channels in order of arrival, to be called once: it takes the channels' callbacks. With `endMarker`, each
   * channel puts it into the queue when it has ended. A queue that is not read holds back every sender.
   */
  makeReceiveQueue<const E = never>(options: { endMarker?: E } = {}): ReceiveQueue<Receive | E, Send> {
    return new ReceiveQueue(this.#channels, options);
  }

  /** Waits for every channel to close; rejects, when all have, with the first error in the order of the channels. */
  async waitClose(options?: WaitOptions): Promise<void> {
    const ends = await Promise.allSettled(this.#channels.map((channel) => channel.waitClose(options)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Closes every channel. */
  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  /** Cancels every channel, as `Channel.cancel` does; with the same reason. */
  cancel(reason?: unknown): void {
    for (const channel of this.#channels) channel.cancel(reason);
  }
}

/** Items of several channels in order of arrival. */
export class ReceiveQueue<Receive, Send = unknown> implements AsyncIterable<FromChannel<Receive, Send>> {
  readonly #items: { entry: FromChannel<Receive, Send>; taken: () => void }[] = [];
  readonly #waiters: { deliver(value: unknown): void; fail(error: Error): void; readonly channel: object }[] =
    [];
  #open: number;
  /** The error of the first channel that did not end well. */
  #failure: Error | undefined;

  constructor(channels: readonly Channel<Receive, Send>[], options: { endMarker?: unknown }) {
    this.#open = channels.length;
    const tellsEnd = 'endMarker' in options;
    const end = Symbol('end');
    for (const channel of channels) {
      channel.setCallback<typeof end>(
        (item) => {
          if (item !== end) return this.#put({ channel, item });
          const state = Channel.stateOf(channel);
          if (state?.receiveEnd?.clean === false) this.#failure ??= state.endReason()?.error;
          if (tellsEnd) void this.#put({ channel, item: options.endMarker as Receive });
          this.#open--;
          if (this.#open === 0) this.#finish();
          return undefined;
        },
        { endMarker: end },
      );
    }
  }

  /** Items that wait to be received. */
  get size(): number {
    return this.#items.length;
  }

  /**
   * The next item of any channel. When all channels have ended and everything was received, rejects: with the error of the first one that failed or was cancelled, or with
   * `ChannelClosedError` if there was none.
   */
  receive(options?: WaitOptions): Promise<FromChannel<Receive, Send>> {
    const next = this.#items.shift();
    if (next) {
      next.taken();
      return Promise.resolve(next.entry);
    }
    if (this.#open === 0) return Promise.reject(this.#ended());
    return waitFor(
      {
        channel: this,
        what: 'receive() on a queue',
        start: (waiter) => this.#waiters.push(waiter),
        stop: (waiter) => this.#waiters.splice(this.#waiters.indexOf(waiter), 1),
      },
      options,
    );
  }

  /** Each item until all channels have ended. Throws what {@link receive} rejects with if one failed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<FromChannel<Receive, Send>, void, void> {
    for (;;) {
      try {
        yield await this.receive();
      } catch (error) {
        if (this.#open === 0 && this.#failure === undefined) return;
        throw error;
      }
    }
  }

  /** The promise stalls the channel until its item is taken: so the queue never holds more than one item of each. */
  #put(entry: FromChannel<Receive, Send>): Promise<void> | undefined {
    const waiter = this.#waiters.shift();
    if (waiter) {
      waiter.deliver(entry);
      return undefined;
    }
    return new Promise((taken) => this.#items.push({ entry, taken }));
  }

  #finish(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.fail(this.#ended());
  }

  #ended(): Error {
    return this.#failure ?? new ChannelClosedError('every channel of the queue has ended');
  }
}
