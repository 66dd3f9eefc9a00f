import { clearInterval, setInterval } from '../clock.ts';

/** A lease lasts three pings, so that one may be lost with what carried it, or be late. */
const PINGS = 3;

/** Looks for each ping: what expires is noticed at most a quarter of an interval too early, and never late. */
const LOOKS = 4;

interface LeaseHolder {
  /** Called a few times in each interval, before the lease is looked at; for who hears by other ways than {@link Lease.heard}. */
  tick?(): void;
  /** Called once for each interval. */
  ping?(): void;
  /** Nothing was heard for three intervals. Called once; the lease is over then. */
  expired(): void;
}

/**
 * Notices that the other end, or the network on the way to it, is gone without a word: `interval` milliseconds lie between two pings, and after
 * three of them without a byte the lease has expired.
 *
 * It counts its own looks and not the time: after a while in which the program was stopped, or busy, what has come meanwhile is read before the
 * next look.
 */
export class Lease {
  readonly #timer: ReturnType<typeof setInterval>;
  #silent = 0;
  #looks = 0;

  constructor(interval: number, holder: LeaseHolder) {
    this.#timer = setInterval(() => {
      holder.tick?.();
      if (++this.#silent >= PINGS * LOOKS) {
        this.end();
        holder.expired();
      } else if (++this.#looks % LOOKS === 0) holder.ping?.();
    }, interval / LOOKS);
    // a lease alone keeps no program alive
    (this.#timer as { unref?(): void }).unref?.();
  }

  /** Something has come from the other end. */
  heard(): void {
    this.#silent = 0;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
