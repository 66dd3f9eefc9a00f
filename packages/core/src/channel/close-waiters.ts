import { clearTimeout, setTimeout } from '../clock.ts';
import { ExecnetError } from '../errors/index.ts';
import type { ChannelLink } from './channel-link.ts';
import type { Ending } from './ending.ts';
import type { Waiter } from './waiter.ts';

/**
 * What an execution that was cancelled may use to come to its end before those who wait for that hear that it goes on, in milliseconds; five times
 * what the execution models that force it give it.
 */
const OVERDUE = 5000;

/** Those who wait for the close of one channel. */
export class CloseWaiters {
  readonly #id: number;
  readonly #link: ChannelLink;
  #waiters: Set<Waiter> | undefined;
  #overdue: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, link: ChannelLink) {
    this.#id = id;
    this.#link = link;
  }

  add(waiter: Waiter): void {
    this.#waiters ??= new Set();
    this.#waiters.add(waiter);
    this.#link.hold();
  }

  delete(waiter: Waiter): void {
    if (this.#waiters?.delete(waiter)) this.#link.release();
  }

  /** The channel has come to its end. Returns whether anybody was told. */
  settle(reason: Ending): boolean {
    clearTimeout(this.#overdue);
    this.#overdue = undefined;
    const waiters = [...(this.#waiters ?? [])];
    this.#waiters = undefined;
    for (const waiter of waiters) {
      this.#link.release();
      if (reason.clean) waiter.deliver(undefined);
      else waiter.fail(reason.error);
    }
    return waiters.length > 0;
  }

  /** Sees to it that nobody waits for ever for the end of an execution that goes on whatever it is told. */
  watch(): void {
    if (!this.#waiters?.size || this.#overdue) return;
    this.#overdue = setTimeout(() => {
      this.#overdue = undefined;
      const error = new ExecnetError(
        'ERR_EXECNET_STILL_RUNNING',
        `the execution behind channel ${this.#id} of ${this.#link.name} was cancelled and goes on; nothing but terminating the gateway ends it for certain`,
      );
      // some may wait again
      const patient = [...(this.#waiters ?? [])].filter(({ bounded }) => !bounded);
      for (const waiter of patient) {
        this.delete(waiter);
        waiter.fail(error);
      }
    }, OVERDUE);
    // who waits keeps the program alive
    this.#overdue.unref?.();
  }
}
