import { ProtocolError } from '../errors/index.ts';

/**
 * Bytes that a peer may send on a channel before it hears anything. So small that a thousand stalled channels hold 3 MiB, so large
 * that ordinary first messages need no round trip. Part of the protocol: both ends assume it.
 */
export const INITIAL_WINDOW = 3072;

/** Largest window of one channel: enough for a few GB/s at a round trip of a millisecond. */
const MAX_WINDOW = 2 * 1024 * 1024;

/** What all channels of a link may hold above their initial windows, together. With the initial windows it bounds a link's memory. */
const LINK_BUDGET = 4 * 1024 * 1024;

/** What a sender needs to begin an item that is larger than its credit. No more than half a window: what is below that makes the window grow. */
const ANNOUNCEMENT = INITIAL_WINDOW / 2;

/**
 * The part of it that channels which nobody reads may take. It lets a program send some more before it begins to receive, and bounds what a
 * thousand stalled channels hold to little more than their initial windows.
 */
const UNREAD_BUDGET = 512 * 1024;

/**
 * The memory that the channels of one link share for windows above the initial one.
 *
 * Follows the dynamic threshold rule of switches (Choudhury and Hahne, 1998): a channel may take at most half of what is left. So stalled
 * channels never take everything, and one that is read can always grow a little: none delays another.
 */
export class WindowBudget {
  #committed = 0;

  /** Reserves `bytes` if they are at most half of what is left for channels that are read, or for those that are not. */
  take(bytes: number, reading: boolean): boolean {
    if (bytes > ((reading ? LINK_BUDGET : UNREAD_BUDGET) - this.#committed) / 2) return false;
    this.#committed += bytes;
    return true;
  }

  /** Reserves `bytes` whatever is left: for an item that its reader is already waiting for. */
  force(bytes: number): void {
    this.#committed += bytes;
  }

  give(bytes: number): void {
    this.#committed -= bytes;
  }
}

/**
 * The receiving half of flow control for one channel: what the peer may still send, what waits to be read, and when to grant more.
 *
 * Methods return the number of bytes to grant to the peer now, 0 for none. Every count includes the headers of frames, so that a million
 * empty items cost what they take.
 */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #window = INITIAL_WINDOW;
  #extra = 0;
  /** What the peer may still send. */
  #available = INITIAL_WINDOW;
  /** What arrived and was not consumed. */
  #unread = 0;
  /** What was consumed since the window was enlarged. */
  #read = 0;
  /** What is still to come of an item of which parts have arrived. */
  #missing = 0;
  #closed = false;

  constructor(budget: WindowBudget) {
    this.#budget = budget;
  }

  /** A frame of `cost` bytes arrived; `missing` bytes of its item are still to come. Throws when the peer had no credit for it. */
  arrived(cost: number, missing: number, reading: boolean): number {
    this.#available -= cost;
    if (this.#available < 0)
      throw new ProtocolError(`the peer sent ${-this.#available} bytes more than it had credit for`);
    this.#unread += cost;
    this.#missing = missing;
    // a reader need not be waiting just now: who has read a whole window since it was enlarged is reading
    if (
      this.#available < this.#window / 2 &&
      this.#window < MAX_WINDOW &&
      this.#budget.take(this.#window, reading || this.#read >= this.#window)
    ) {
      this.#window *= 2;
      this.#read = 0;
    }
    return this.#grant(reading);
  }

  /** The reader took items that had cost `cost` bytes; {@link granted} tells what that gives room for. */
  consumed(cost: number): void {
    this.#unread -= cost;
    this.#read += cost;
  }

  granted(reading: boolean): number {
    return this.#closed ? 0 : this.#grant(reading);
  }

  /** A reader began to wait: an item of which only parts arrived must be completed, whatever it takes. */
  wanted(): number {
    return this.#missing > this.#available ? this.#grant(true) : 0;
  }

  /** Gives back what this channel had reserved. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.give(this.#window - INITIAL_WINDOW + this.#extra);
  }

  #grant(reading: boolean): number {
    // room that an oversized item took is given back as soon as the item is gone
    if (this.#extra > 0 && this.#missing === 0 && this.#unread + this.#available <= this.#window) {
      this.#budget.give(this.#extra);
      this.#extra = 0;
    }
    let grant = this.#window - this.#unread - this.#available;
    if (grant < this.#window / 2) grant = 0;
    const short = this.#missing - this.#available - grant;
    if (short > 0) grant += this.#reserve(short, reading);
    else if (this.#missing === 0 && this.#available + grant < ANNOUNCEMENT) {
      // items that were larger than the window have used it up: the next one must at least be able to say how large it is
      grant += this.#reserve(ANNOUNCEMENT, false);
    }
    this.#available += grant;
    return grant;
  }

  /** An item larger than the window needs room of its own: at once when its reader waits for it, else within the budget. */
  #reserve(short: number, reading: boolean): number {
    if (reading) this.#budget.force(short);
    else if (!this.#budget.take(short, false)) return 0;
    this.#extra += short;
    return short;
  }
}
