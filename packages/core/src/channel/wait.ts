import { clearTimeout, setTimeout } from '../clock.ts';
import { rejectAtCaller, TimeoutError } from '../errors/index.ts';
import { onAbort } from '../on-abort.ts';
import { checkForCall } from '../stack-room.ts';
import { type Future, future, type Observer, type Waiting } from './future.ts';
import type { Waiter } from './waiter.ts';

/** How long to wait, and what may end the waiting earlier. Every wait takes these. */
export interface WaitOptions {
  /** Milliseconds; without it the wait has no end of its own. A wait that takes longer rejects with a `TimeoutError`. */
  timeout?: number | undefined;
  /** Rejects the wait with the signal's reason when it is aborted. What was waited for may still happen. */
  signal?: AbortSignal | undefined;
}

const needStack = checkForCall();

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

/** Where somebody waits, and for what. */
export interface WaitPlace {
  readonly channel: object;
  /** For messages. */
  readonly what: string;
  start(waiter: Waiter): void;
  stop(waiter: Waiter): void;
}

/** Registers a waiter and turns it into a promise that a timeout or a signal can end. */
export function waitFor<T>(place: WaitPlace, options: WaitOptions | undefined): Future<T> {
  needStack();
  let wait: Wait<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    wait = new Wait(place, { resolve, reject });
    if (options === undefined) place.start(wait);
    else wait.startWithin(options);
  });
  return future(promise, wait);
}

interface Settle<T> {
  resolve(value: T | Promise<never>): void;
  reject(error: unknown): void;
}

class Wait<T> implements Waiter, Waiting<T> {
  readonly channel: object;
  readonly #place: WaitPlace;
  readonly #settle: Settle<T>;
  #over = false;
  #observers: Set<Observer<T>> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heedNoMore: (() => void) | undefined;

  constructor(place: WaitPlace, settle: Settle<T>) {
    this.channel = place.channel;
    this.#place = place;
    this.#settle = settle;
  }

  get bounded(): boolean {
    return this.#timer !== undefined;
  }

  startWithin({ timeout: wanted, signal }: WaitOptions): void {
    let timeout: number | undefined;
    try {
      timeout = checkTimeout(wanted);
      signal?.throwIfAborted();
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    if (timeout !== undefined) {
      this.#timer = setTimeout(
        () => this.#giveUp(new TimeoutError(`${this.#place.what} took longer than ${timeout} ms`)),
        timeout,
      );
    }
    if (signal) {
      this.#heedNoMore = onAbort(signal, () => this.#giveUp(signal.reason));
    }
    this.#place.start(this);
  }

  deliver(value: unknown): void {
    const observers = this.#end();
    if (observers) for (const observer of observers) observer.deliver(value as T);
    this.#settle.resolve(value as T);
  }

  fail(error: Error): void {
    const observers = this.#end();
    if (observers) for (const observer of observers) observer.fail(error);
    rejectAtCaller(error, this.#settle);
  }

  observe(observer: Observer<T>): boolean {
    if (this.#over) return false;
    this.#observers ??= new Set();
    this.#observers.add(observer);
    return true;
  }

  unobserve(observer: Observer<T>): void {
    if (!this.#observers?.delete(observer) || this.#observers.size > 0 || this.#over) return;
    this.#end();
    this.#place.stop(this);
  }

  #giveUp(reason: Error): void {
    this.#place.stop(this);
    this.fail(reason);
  }

  #end(): ReadonlySet<Observer<T>> | undefined {
    this.#over = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#heedNoMore?.();
    return this.#observers;
  }
}

/** What `promise` settles with, or the reason of `signal` if that comes first; then nobody waits for the promise any more. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let heedNoMore: (() => void) | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        heedNoMore = onAbort(signal, () => reject(signal.reason));
      }),
    ]);
  } finally {
    heedNoMore?.();
  }
}
