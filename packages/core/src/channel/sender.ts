import { rejectAtCaller } from '../errors/index.ts';
import { checkForCall } from '../stack-room.ts';
import { Code, FRAGMENT_SIZE, HEADER_SIZE, int32Payload, writeInt32 } from '../wire/index.ts';
import type { ChannelLink } from './channel-link.ts';
import { Ending } from './ending.ts';
import { type Item, itemPart, itemSize, wholeItem } from './item.ts';
import { INITIAL_WINDOW } from './receive-window.ts';

/** The least that is sent as a part of an item, unless less is left: smaller parts would be mostly headers. */
const LEAST_FRAGMENT = 1024;

/** `uint32` size before the first bytes of a fragmented item. */
const SIZE_PREFIX = 4;

/** An item, or the closing of the channel, that waits for credit or behind something that does. */
interface Pending {
  readonly item: Item | undefined;
  readonly carried: readonly number[] | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** Bytes that have left. */
  sent: number;
  /** All of it has. */
  left?: boolean;
}

/**
 * What may wait for the connection before `send` does too. Without that, a program that awaits each send goes on until it has no credit left,
 * because a promise that is settled gives nothing else a turn, and the far side has nothing to do meanwhile.
 */
const COPIED_QUEUE = 65536;

const needStack = checkForCall();

/** The promise of {@link Sender.send} for an item that has left at once. */
export const SENT: Promise<void> = Promise.resolve();

/** The sending half of a channel: order, credit, fragments. */
export class Sender {
  readonly #id: number;
  readonly #link: ChannelLink;
  #credit: number;
  #pending: Pending[] = [];
  #closed: Ending | undefined;
  #interrupted: Error | undefined;

  constructor(id: number, link: ChannelLink) {
    this.#id = id;
    this.#link = link;
    this.#credit = link.flow ? INITIAL_WINDOW : Number.POSITIVE_INFINITY;
  }

  /** Why nothing can be sent any more. */
  get closed(): Ending | undefined {
    return this.#closed;
  }

  get waiting(): boolean {
    return this.#pending.length > 0;
  }

  /** Sends in order; resolves when the item has left for the connection. */
  send(item: Item, carried: readonly number[] | undefined): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed.error);
    if (this.#pending.length === 0 && this.#fits(item)) {
      this.#writeWhole(item, carried);
      if (item instanceof Uint8Array) this.#link.reclaim(item);
      // plain peers grant no credit: there the connection itself holds the sender back; and a binary that was not copied must leave first
      const tolerated = this.#link.flow && item instanceof Uint8Array ? COPIED_QUEUE : 0;
      return this.#link.drained(tolerated) ?? SENT;
    }
    needStack();
    return new Promise((resolve, reject) =>
      this.post(item, carried, {
        resolve,
        reject: (error) => rejectAtCaller(error, { resolve, reject }),
      }),
    );
  }

  /** Sends an item that need not wait, without keeping it. False if it has to. */
  sendNow(item: Uint8Array): boolean {
    if (this.#closed || this.#pending.length > 0 || !this.#fits(item)) return false;
    this.#write(Code.CHANNEL_DATA, item);
    return true;
  }

  /** Sends in order and tells when the item has left, maybe before this returns. On a stack with room for a call. */
  post(
    item: Item,
    carried: readonly number[] | undefined,
    { resolve, reject }: Pick<Pending, 'resolve' | 'reject'>,
  ): void {
    this.#link.hold();
    const entry = { item, carried, resolve, reject, sent: 0 };
    this.#pending.push(entry);
    try {
      // what is before it may have been left behind by a stack that was used up
      this.#advance();
    } catch (error) {
      if (entry.sent === 0 && this.#pending[this.#pending.length - 1] === entry) {
        this.#pending.length--;
        this.#link.release();
      }
      throw error;
    }
    if (this.#interrupted && this.#pending.length > 0) this.interrupt(this.#interrupted);
  }

  credit(bytes: number): void {
    this.#credit += bytes;
    this.#advance();
  }

  /** Sends nothing more: what waits fails with `reason`. */
  close(reason: Ending): void {
    this.#closed ??= reason;
    if (this.#pending.length > 0) this.#fail(reason.error);
  }

  /** As {@link close}, but what is sent from now on fails with `reason` whatever it failed with before. */
  giveUp(reason: Ending): void {
    this.#closed = reason;
    this.#fail(reason.error);
  }

  /** What waits fails with `reason`, and so does what would have to wait from now on; what the window has room for is still sent. */
  interrupt(reason: Error): void {
    this.#interrupted = reason;
    // an item that was cut in two can't be followed by another
    if ((this.#pending[0]?.sent ?? 0) > 0) this.#closed ??= Ending.failed(reason);
    this.#fail(reason);
  }

  #fail(reason: Error): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const entry of pending) {
      this.#link.release();
      entry.reject(reason);
    }
  }

  /**
   * Takes nothing more. When all that was taken before has left, or at once if nothing waits, calls `settled`; with the reason when that
   * can't happen any more.
   */
  closeAfterPending(reason: Ending, settled: (failure: Error | undefined) => void): void {
    this.#closed ??= reason;
    this.#advance();
    if (this.#pending.length === 0) {
      settled(this.#link.ended);
      return;
    }
    this.#link.hold();
    this.#pending.push({
      item: undefined,
      carried: undefined,
      resolve: () => settled(undefined),
      reject: settled,
      sent: 0,
    });
  }

  #fits(item: Item): boolean {
    const size = itemSize(item);
    return size <= FRAGMENT_SIZE && size + HEADER_SIZE <= this.#credit;
  }

  #writeWhole(item: Item, carried: readonly number[] | undefined): void {
    this.#bind(carried);
    this.#write(Code.CHANNEL_DATA, wholeItem(item));
  }

  #write(code: number, payload: Uint8Array): void {
    this.#link.writeFrame(code, this.#id, payload);
    this.#credit -= payload.length + HEADER_SIZE;
  }

  #bind(carried: readonly number[] | undefined): void {
    if (!carried || !this.#link.flow) return;
    for (const id of carried) this.#link.writeFrame(Code.BIND, this.#id, int32Payload(id));
  }

  #advance(): void {
    while (this.#pending.length > 0) {
      const entry = this.#pending[0] as Pending;
      const { item } = entry;
      if (item !== undefined && !entry.left && !this.#advanceItem(entry, item)) return;
      entry.left = true;
      this.#pending.shift();
      this.#link.release();
      const drained = item instanceof Uint8Array || item === undefined ? undefined : this.#link.drained(0);
      if (drained) void drained.then(entry.resolve);
      else entry.resolve();
    }
  }

  /** Sends as much of the item as credit allows; true when all of it has left. */
  #advanceItem(entry: Pending, item: Item): boolean {
    const size = itemSize(item);
    if (entry.sent === 0) {
      if (this.#fits(item) || !this.#link.flow) {
        this.#writeWhole(item, entry.carried);
        return true;
      }
      const first = Math.min(
        this.#credit - HEADER_SIZE - SIZE_PREFIX,
        FRAGMENT_SIZE - SIZE_PREFIX,
        LEAST_FRAGMENT,
        size,
      );
      if (first <= 0) return false;
      this.#bind(entry.carried);
      const payload = new Uint8Array(SIZE_PREFIX + first);
      writeInt32(payload, 0, size);
      payload.set(itemPart(item, 0, first), SIZE_PREFIX);
      this.#write(Code.FRAGMENT_FIRST, payload);
      entry.sent = first;
    }
    while (entry.sent < size) {
      const rest = size - entry.sent;
      const room = Math.min(this.#credit - HEADER_SIZE, FRAGMENT_SIZE, rest);
      if (room < Math.min(rest, LEAST_FRAGMENT)) return false;
      const part = itemPart(item, entry.sent, entry.sent + room);
      this.#write(Code.FRAGMENT, part);
      entry.sent += part.length;
    }
    return true;
  }
}
