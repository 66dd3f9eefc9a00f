import type { RemoteErrorData } from '../errors/index.ts';
import type { StringOptions } from '../serializer/types.ts';
import type { Item } from './item.ts';
import type { WindowBudget } from './receive-window.ts';

/** A channel that was closed from here, behind which an execution goes on. */
export interface ClosedChannel {
  peerClosed(error: RemoteErrorData | undefined): void;
  linkEnded(error: Error): void;
}

/** What a channel needs of the link that it belongs to. */
export interface ChannelLink {
  /** For messages: the id of the gateway. */
  readonly name: string;
  /** The gateway as code sees it, a {@link ChannelGateway}. */
  readonly gateway: object;
  /** The peer grants credit, and counts ours; false for peers that speak plain execnet. */
  readonly flow: boolean;
  /** The local end owns executions: what it hears of the channel of one tells how that ends. */
  readonly local: boolean;
  readonly budget: WindowBudget;
  /** Why the link ended; undefined while it lives. */
  readonly ended: Error | undefined;

  dump(value: unknown): Item;
  /** `strings`: how strings of Python 2 and 3 arrive; without it as the format says by itself. */
  load(bytes: Uint8Array, strings?: StringOptions): unknown;
  /** What channels that are made from now on load with. */
  strings: StringOptions | undefined;
  /** An error as the other end understands it. */
  dumpError(error: RemoteErrorData): Uint8Array;
  /** The bytes of the value dumped last have left, or were copied. */
  reclaim(item: Uint8Array): void;
  /** The ids of the channels inside the value dumped last; each is to be bound before the item leaves. */
  takeCarried(): readonly number[] | undefined;

  writeFrame(code: number, id: number, payload: Uint8Array): void;
  /** Hands on what was written, now. */
  flush(): void;
  /** Resolves when the connection has passed on what was written; undefined while no more than `tolerated` bytes of it wait. */
  drained(tolerated: number): Promise<void> | undefined;

  /** Keeps the program alive until {@link release}; counted. */
  hold(): void;
  release(): void;

  /** Node's stream module; loaded when it is first needed, because remote ends start without it. */
  streams(): typeof import('node:stream');

  /** The callback as a part of the execution that sets it, where there is a way to tell. */
  bind?<Args extends unknown[], T>(callback: (...args: Args) => T): (...args: Args) => T;

  /** The channel needs no more frames. */
  forget(id: number): void;
  /** An execution outlives its channel: `channel` is told when it has come to its end, or that the link has ended before. */
  goesOn(id: number, channel: ClosedChannel): void;
  /** How many channels are open now. */
  counted(open: number): void;
  /** Channels that were announced inside items which nobody will read. */
  dropAnnounced(ids: Iterable<number>): void;
  /** Tells the user about a failure that nobody listened to. */
  warn(message: string, error: unknown): void;

  /**
   * Blocks the thread until frames have been handled, `timeout` milliseconds passed (false), or something interrupts the execution (throws).
   * Only threads of a remote end can block; elsewhere it is missing.
   */
  block?(timeout: number): boolean;
  /** The thread is inside {@link block}: no user code may be called. */
  readonly blocked: boolean;
  /** Tries for a moment to get frames without giving up the thread; see `ThreadPort.linger`. */
  linger?(): void;
}
