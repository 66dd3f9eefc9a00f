import { TimeoutError } from '../errors/index.ts';
import type { Waiter } from './channel-state.ts';

/** How long to wait, and what may end the waiting earlier. Every wait takes these. */
export interface WaitOptions {
  /** Milliseconds; without it the wait has no end of its own. A wait that takes longer rejects with a `TimeoutError`. */
  timeout?: number | undefined;
  /** Rejects the wait with the signal's reason when it is aborted. What was waited for may still happen. */
  signal?: AbortSignal | undefined;
}

/** The longest delay that timers take; a longer one would fire at once. */
export const MAX_DELAY = 0x7fffffff;

/** Checks a timeout given by a user; returns undefined where there is no limit. */
export function checkTimeout(timeout: number | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  if (typeof timeout !== 'number' || Number.isNaN(timeout) || timeout < 0) {
    throw new TypeError(`timeout must be a number of milliseconds, 0 or more, not ${String(timeout)}`);
  }
  return timeout > MAX_DELAY ? undefined : timeout;
}

/** Registers a waiter and turns it into a promise that a timeout or a signal can end. */
export function waitFor<T>(
  {
    channel,
    what,
    start,
    stop,
  }: { channel: object; what: string; start: (waiter: Waiter) => void; stop: (waiter: Waiter) => void },
  options: WaitOptions | undefined,
): Promise<T> {
  if (options === undefined) {
    return new Promise((resolve, reject) => start({ channel, deliver: resolve, fail: reject }));
  }
  return new Promise((resolve, reject) => {
    const timeout = checkTimeout(options.timeout);
    const { signal } = options;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (): void => {
      if (timer !== undefined) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const waiter: Waiter = {
      channel,
      deliver(value) {
        settle();
        resolve(value as T);
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    const onAbort = (): void => {
      stop(waiter);
      waiter.fail(signal?.reason);
    };
    if (timeout !== undefined) {
      timer = setTimeout(() => {
        stop(waiter);
        waiter.fail(new TimeoutError(`${what} took longer than ${timeout} ms`));
      }, timeout);
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    start(waiter);
  });
}
