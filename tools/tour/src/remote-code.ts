import type { Channel, Gateway } from 'execnet';

/** What the tour lets a remote end do, in its language. */
export interface RemoteCode {
  /** 6 × 7. */
  product(gateway: Gateway): Promise<number>;
  /** Sends back what it gets. */
  echo(gateway: Gateway): Channel<number, number>;
  /** Sends `count` binaries of `size` bytes, each of which repeats the lowest byte of its number, and tells `progress` how many it has sent. */
  items(gateway: Gateway, given: ItemsGiven): Channel<Uint8Array>;
  /** Fails, in a function that a function calls. */
  fail(gateway: Gateway): Promise<unknown>;
  /** Starts a process and leaves it running; its id. */
  startChild(gateway: Gateway): Promise<number>;
}

export interface ItemsGiven {
  readonly progress: Channel<number>;
  readonly count: number;
  readonly size: number;
}
