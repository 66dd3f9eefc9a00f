/** Somebody who waits for the next item, or for the end. Holding the channel keeps it from being collected meanwhile. */
export interface Waiter {
  deliver(value: unknown): void;
  fail(error: Error): void;
  readonly channel: object;
  /** It has a timeout of its own. */
  readonly bounded?: boolean;
}
