import type { Readable, Writable } from 'node:stream';
import { performance } from '../clock.ts';
import { atCaller, CancelledError, ExecnetError, RemoteError, TimeoutError } from '../errors/index.ts';
import { checkForCall, isStackOverflow } from '../stack-room.ts';
import { asyncDisposable, shownAsText } from '../well-known.ts';
import { Code } from '../wire/index.ts';
import type { ChannelState } from './channel-state.ts';
import { type Future, future } from './future.ts';
import { type FileOptions, readFile, writeFile } from './make-file.ts';
import { SENT } from './sender.ts';
import { coercionPayload, type StringCoercion, stringsOf } from './string-coercion.ts';
import { checkTimeout, type WaitOptions, waitFor } from './wait.ts';
import { readableStream, type Sink, writableStream } from './web-streams.ts';

/** The gateway that a channel belongs to, as code sees it at either end. */
export interface ChannelGateway {
  readonly id: string;
  /** A new channel, which becomes useful when it is sent to the other end over another. `Receive` is what arrives here. */
  newChannel<Receive = unknown, Send = unknown>(): Channel<Receive, Send>;
}

/** Options of {@link Channel.setCallback}. */
export interface CallbackOptions<E> {
  /** Passed to the callback once, after the last item, when the channel has ended. Without it the end is not told. */
  endMarker?: E;
}

const needStack = checkForCall();

/**
 * A bidirectional, ordered, flow-controlled stream of values between two ends.
 *
 * Items arrive in the order in which they were sent, none is lost or doubled. Values are copied (docs: Values); what can't be sent without
 * loss is a `DumpError`. A sender whose receiver does not read waits: memory stays bounded at both ends.
 *
 * A channel that the program drops while it is open is closed at the other end when it is collected; an execution behind it goes on.
 *
 * @typeParam Receive - what arrives here
 * @typeParam Send - what can be sent from here
 */
export class Channel<Receive = unknown, Send = unknown> implements AsyncDisposable {
  static readonly RemoteError: typeof RemoteError = RemoteError;
  static readonly TimeoutError: typeof TimeoutError = TimeoutError;

  readonly #state: ChannelState;
  #readable: ReadableStream<Receive> | undefined;
  #writable: WritableStream<Send> | undefined;

  static {
    shownAsText(Channel.prototype);
    asyncDisposable(Channel.prototype);
  }

  /** Channels are made by gateways; not to be called by users. */
  constructor(state: ChannelState) {
    this.#state = state;
  }

  /** The state behind a channel; undefined for anything else. For links, which have no other way in. */
  static stateOf(value: object): ChannelState | undefined {
    return #state in value ? (value as Channel).#state : undefined;
  }

  /** Odd if it was made at the local end, even otherwise. Unique among the open channels of its gateway. */
  get id(): number {
    return this.#state.id;
  }

  /** The gateway that it belongs to: in remote code too, where it makes channels that can be sent to the local end. */
  get gateway(): ChannelGateway {
    return this.#state.link.gateway as ChannelGateway;
  }

  /** Both directions are closed: `send` fails, and `receive` gives what has arrived before and then fails. */
  get isClosed(): boolean {
    return this.#state.closed;
  }

  /** In remote code: aborted when the local end cancels the execution. At the local end it is never aborted. */
  get signal(): AbortSignal {
    return this.#state.signal;
  }

  /**
   * Sends one item. Resolves when the window of the receiver has had room for all of it; sends that are not awaited keep their order and
   * collect in memory. A binary of 16 KiB or more is not copied: leave it unchanged until the promise has resolved.
   *
   * Throws where the stack is used up; in the rarest case the item was sent all the same. Rejects with `DumpError` (the item can't be sent;
   * nothing was), `ChannelClosedError`, `RemoteError` (the execution failed) or `ConnectionLostError`. Of the last three nobody is told if nobody awaits: the end of the channel tells the same.
   */
  send(item: Send): Future<void> {
    const state = this.#state;
    const { link, sender } = state;
    if (sender.closed) return future(quiet(Promise.reject(atCaller(sender.closed.error, this.send))));
    try {
      const bytes = link.dump(item);
      const sent = sender.send(bytes, link.takeCarried());
      return future(sender.waiting ? quiet(sent) : sent);
    } catch (error) {
      // on a stack that is used up a promise may come to be that nobody gets
      if (isStackOverflow(error)) throw error;
      return future(Promise.reject(atCaller(error, this.send)));
    }
  }

  /**
   * Resolves with the next item. Concurrent receives get the items in the order of their calls.
   *
   * When the channel has ended and everything that arrived was received, rejects with `ChannelClosedError`, with the `RemoteError` of the
   * execution, or with `ConnectionLostError`; with `TimeoutError` or the reason of `signal` when these come first, and nothing is lost then.
   */
  receive(options?: WaitOptions): Future<Receive> {
    const state = this.#state;
    try {
      // what arrives while it lingers may be a cancellation
      if (
        state.link.linger &&
        options === undefined &&
        state.available === 0 &&
        !state.receiveEnd &&
        !state.hasCallback
      ) {
        state.want();
        state.link.linger();
      }
      const refusal = this.#refusal();
      if (refusal) return future(Promise.reject(refusal));
      if (state.available > 0) return future(Promise.resolve(state.take() as Receive));
    } catch (error) {
      return future(Promise.reject(error));
    }
    const end = state.endReason();
    if (end) return future(Promise.reject(atCaller(end.error, this.receive)));
    return waitFor<Receive>(
      {
        channel: this,
        what: `receive() on channel ${state.id} of ${state.link.name}`,
        start: (waiter) => state.wait(waiter),
        stop: (waiter) => state.unwait(waiter),
      },
      options,
    );
  }

  /**
   * Like {@link send}, but blocks the thread until the item is written to the connection. In remote code only; works on every thread.
   * Throws what `send` rejects with, and `CancelledError` when the execution is cancelled meanwhile.
   */
  sendSync(item: Send): void {
    const { link, sender } = this.#state;
    const block = this.#blocking('sendSync');
    try {
      if (sender.closed) throw sender.closed.error;
      let failure: Error | undefined;
      let done = false;
      needStack();
      const bytes = link.dump(item);
      const carried = link.takeCarried();
      sender.post(bytes, carried, {
        resolve: () => {
          done = true;
        },
        reject: (error) => {
          done = true;
          failure = error;
        },
      });
      link.flush();
      while (!done) block(Number.POSITIVE_INFINITY);
      if (failure) throw failure;
      link.flush();
    } catch (error) {
      // who blocks is told what the channel has ended with, which asking marks
      this.#state.closeReason();
      throw atCaller(error, this.sendSync);
    }
  }

  /**
   * Like {@link receive}, but blocks the thread: timers and callbacks of that thread wait. In remote code only; works on every thread.
   * Throws what `receive` rejects with, and `CancelledError` when the execution is cancelled meanwhile.
   */
  receiveSync({ timeout }: { timeout?: number } = {}): Receive {
    const state = this.#state;
    const block = this.#blocking('receiveSync');
    const limit = checkTimeout(timeout);
    const deadline = limit === undefined ? Number.POSITIVE_INFINITY : performance.now() + limit;
    for (;;) {
      const refusal = this.#refusal();
      if (refusal) throw refusal;
      if (state.available > 0) return state.take() as Receive;
      const end = state.endReason();
      if (end) throw atCaller(end.error, this.receiveSync);
      const left = deadline - performance.now();
      if (left <= 0)
        throw new TimeoutError(
          `receiveSync() on channel ${state.id} of this gateway took longer than ${limit} ms`,
        );
      state.want();
      block(left);
    }
  }

  /** Iterates over the items, blocking the thread; ends when the channel was closed. In remote code only. */
  *sync(): Generator<Receive, void, void> {
    for (;;) {
      let item: Receive;
      try {
        item = this.receiveSync();
      } catch (error) {
        if (isEnd(error, this.#state)) return;
        throw error;
      }
      yield item;
    }
  }

  /** Iterates over the items; ends when the channel was closed, throws when its execution failed. Leaving the loop closes nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Receive, void, void> {
    for (;;) {
      // without an error, which nobody would see
      if (this.#state.isExhausted) return;
      let item: Receive;
      try {
        item = await this.receive();
      } catch (error) {
        if (isEnd(error, this.#state)) return;
        throw error;
      }
      yield item;
    }
  }

  /**
   * From now on every item, those that wait included, is passed to `callback`, in order. If it returns a promise, the next item comes when
   * that is settled: a slow callback stalls its own channel and no other. A callback that throws or rejects closes the channel with that
   * error. `receive` is an error afterwards.
   */
  setCallback<const E = never>(
    callback: (item: Receive | E) => unknown,
    options: CallbackOptions<E> = {},
  ): void {
    if (typeof callback !== 'function') throw new TypeError('setCallback takes a function');
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    const tellsEnd = 'endMarker' in options;
    const item = this.#state.link.bind?.(callback) ?? callback;
    this.#state.setCallback({
      item,
      end: () => (tellsEnd ? item(options.endMarker as E) : undefined),
    });
  }

  /**
   * The channel as a Node stream: `'r'` a `Readable` of the bytes and strings that arrive, `'w'` a `Writable` whose chunks are sent as they
   * are, strings as strings. Ending the `Writable` ends the channel as {@link end} does, and it finishes when everything has left; with `proxyClose`
   * the channel is closed then, and when the stream is destroyed.
   */
  makeFile(mode: 'r', options?: FileOptions): Readable;
  makeFile(mode?: 'w', options?: FileOptions): Writable;
  makeFile(mode: 'r' | 'w' = 'w', options: FileOptions = {}): Readable | Writable {
    if (mode === 'r') return readFile(this, this.#state.link.streams(), options);
    if (mode === 'w') return writeFile(this.#sink(), this.#state.link.streams(), options);
    throw new TypeError(`makeFile takes the mode 'r' or 'w', not ${String(mode)}`);
  }

  /** The items that arrive, as a web stream; cancelling it closes the channel. The same object at every access. */
  get readable(): ReadableStream<Receive> {
    this.#readable ??= readableStream(this);
    return this.#readable;
  }

  /** A web stream whose chunks are sent as items; closing it is {@link end}, aborting it closes the channel with the reason. */
  get writable(): WritableStream<Send> {
    this.#writable ??= writableStream<Send>(this.#sink());
    return this.#writable;
  }

  /** How strings of Python 2 and 3 are translated on this channel. Throws what `send` rejects with when the channel is closed. */
  reconfigure(options: StringCoercion): void {
    const { id, link, sender } = this.#state;
    if (sender.closed) throw sender.closed.error;
    this.#state.strings = stringsOf(options);
    link.writeFrame(Code.RECONFIGURE, id, coercionPayload(options));
  }

  /**
   * Sends nothing more. The other end receives everything that was sent before, then its iteration ends and its `receive` rejects with
   * `ChannelClosedError`; what it sends goes on arriving here. Resolves as {@link send} does, when all of it has left; a further call does the
   * same, and so does one after this end has closed the channel. `send` rejects with `ChannelClosedError` from then on.
   *
   * An execution that ends its channel goes on; `waitClose` tells how it comes to its end. When both ends have ended a channel that has no
   * execution behind it, it is closed.
   */
  end(): Future<void> {
    try {
      return future(quiet(this.#state.end()));
    } catch (error) {
      if (isStackOverflow(error)) throw error;
      return future(Promise.reject(error));
    }
  }

  /**
   * Closes both directions; idempotent. The other end receives everything that was sent before, then its iteration ends and its sends fail; with an
   * error its `receive`, iteration and `waitClose` fail with that as a `RemoteError`. What has arrived here can still
   * be received; what arrives later is dropped.
   *
   * An execution behind the channel goes on: {@link cancel} ends it. If it fails later, that is a warning of the process, as nobody listens any more.
   */
  close(error?: unknown): void {
    this.#state.close(error);
  }

  /**
   * Has the execution behind the channel stop: there `signal` is aborted, what blocks throws `CancelledError`, and the execution model does what it can. Here `receive`,
   * iteration and `send` reject with `reason` at once, whatever has arrived before; `waitClose` does when the execution is over. Does nothing when
   * that is so already; a channel that was closed from here can still be cancelled. A channel without an execution of this end behind it is closed, with `reason` as the error that the other end gets.
   *
   * @param reason - any value; without one a `CancelledError`
   */
  cancel(reason?: unknown): void {
    const { id, link } = this.#state;
    this.#state.giveUp(
      reason ?? new CancelledError(`the execution behind channel ${id} of ${link.name} was cancelled`),
    );
  }

  /**
   * Resolves when nothing more comes. The channel of an execution: when that is over, although its code may have ended the channel before; any other: when the other
   * end has closed or ended it. Either: at once when this end has closed it. Rejects with the `RemoteError` of the execution, with `ConnectionLostError`, `TimeoutError` or the reason of `signal`.
   *
   * If `cancel()` has cancelled an execution, it rejects with the reason when that is over, its clean-up included, or with what the clean-up failed with.
   * Code may go on whatever it is told: a wait without a `timeout` then rejects with `ERR_EXECNET_STILL_RUNNING` after 5000 ms.
   */
  waitClose(options?: WaitOptions): Future<void> {
    const state = this.#state;
    const end = state.closeReason();
    if (end)
      return future(end.clean ? Promise.resolve() : Promise.reject(atCaller(end.error, this.waitClose)));
    return waitFor<void>(
      {
        channel: this,
        what: `waitClose() on channel ${state.id} of ${state.link.name}`,
        start: (waiter) => state.waitClosed(waiter),
        stop: (waiter) => state.unwaitClosed(waiter),
      },
      options,
    );
  }

  /**
   * Cancels the execution behind the channel if it still runs, and resolves or rejects as {@link waitClose} does, but for the cancellation; other channels it closes.
   * What an execution had failed with before, and nobody has received, is a warning.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#state.runs) {
      this.#state.warnUnseen();
      this.close();
      return;
    }
    const { id, link } = this.#state;
    this.cancel(new CancelledError(`channel ${id} of ${link.name} was disposed of`));
    // that, or what it was cancelled with before
    const reason = this.#state.endReason()?.error;
    try {
      await this.waitClose();
    } catch (error) {
      if (error !== reason) throw error;
    }
  }

  toString(): string {
    return `<Channel id=${this.id} ${this.isClosed ? 'closed' : 'open'}>`;
  }

  /** The channel for a stream: who writes to that is told what it fails with, so that the end of the channel is no news. */
  #sink(): Sink<Send> {
    const told = (sent: Promise<void>): Promise<void> =>
      sent.catch((error) => {
        this.#state.closeReason();
        throw error;
      });
    return {
      send: (item) => {
        const sent = this.send(item);
        return sent === SENT ? undefined : told(sent);
      },
      end: () => told(this.end()),
      close: (reason) => this.close(reason),
    };
  }

  #refusal(): Error | undefined {
    if (this.#state.cancelled) return this.#state.cancelled;
    if (this.#state.hasCallback) {
      return new ExecnetError(
        'ERR_EXECNET_HAS_CALLBACK',
        `channel ${this.id} has a callback: its items go there, and can't be received`,
      );
    }
    return undefined;
  }

  #blocking(method: string): (timeout: number) => boolean {
    const { link } = this.#state;
    if (!link.block) {
      throw new ExecnetError(
        'ERR_EXECNET_BLOCKING',
        `${method}() blocks its thread and exists in remote code only; at the local end await ${method.slice(0, -4)}()`,
      );
    }
    return (timeout) => (link.block as (timeout: number) => boolean)(timeout);
  }
}

function isEnd(error: unknown, state: ChannelState): boolean {
  return state.receiveEnd?.clean === true && state.receiveEnd.error === error;
}

/** A failure that the end of the channel tells as well must not end a program that does not await the send. */
function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
