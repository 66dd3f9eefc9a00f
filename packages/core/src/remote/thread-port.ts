import { setImmediate } from '../clock.ts';
import { describeError, errorText } from '../errors/index.ts';
import type { LinkPort } from '../link/index.ts';
import type { FrameDecoder } from '../wire/index.ts';
import type { Output } from './output.ts';
import type { Port } from './port.ts';
import { complain } from './prints.ts';
import { type Ring, Word } from './ring.ts';
import { builtin } from './runtime.ts';
import type { Handover } from './thread-data.ts';

/** What a thread tells the receiver. */
export type ThreadMessage =
  /** There is room in the ring again. */
  | { kind: 'room' }
  /** Nothing is left to execute. */
  | { kind: 'idle' }
  /** Channels that need no route any more. */
  | { kind: 'closed'; ids: number[] }
  /** The main thread reads no more: from now on the receiver does. */
  | ({ kind: 'begin' } & Handover)
  /** The code of this thread wants the process to end. */
  | { kind: 'exit'; code: number };

/** As much as is read from the ring at once. */
const SCRATCH = 65536;

/**
 * How long an asynchronous `receive` waits for an answer before it gives the thread back to its event loop, in milliseconds. A wake-up
 * through a message port costs 20 to 40 µs more than one from a wait. A peer that answers at once does so within 0.1 ms, but a shorter
 * limit is dearer: the kernel was seen to take 19 µs to set a timer of 0.15 ms, and 5 µs for a longer one.
 */
const LINGER = 1;

/** A wait is interrupted after so long to look whether the receiver has to be started again, in milliseconds: more than its start takes. */
const STARTING = 50;

/** After a vain wait lingering is left out for some receives, twice as many each time up to this. */
const MAX_PENALTY = 15;

/** Routes are given back in lots: one message for each would cost more than the executions that they belonged to. */
const CLOSED_LOT = 64;

/** What a port has to know of the executions of its thread. */
export interface PortExecutions {
  /** Why a blocking call is to throw now: its execution is cancelled, the gateway terminates, the connection is lost. */
  interrupted(): Error | undefined;
  /** There is no other execution that a wait would hold up. */
  alone(): boolean;
}

/** The way of one executing thread to the local end: out through the shared output, in through its ring. */
export class ThreadPort implements LinkPort {
  readonly reuse = true;
  readonly #ring: Ring;
  readonly #output: Output;
  readonly #receiver: Port;
  readonly #scratch = new Uint8Array(SCRATCH);
  #decoder: FrameDecoder | undefined;
  #blocked = false;
  #penalty = 0;
  #vain = 0;
  #closed: number[] = [];
  /** The channels that were counted. */
  #open = 0;
  readonly #executions: PortExecutions;

  constructor(ring: Ring, output: Output, receiver: Port, executions: PortExecutions) {
    this.#ring = ring;
    this.#output = output;
    this.#receiver = receiver;
    this.#executions = executions;
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  /** Begins to deliver what the receiver hands over. */
  start(decoder: FrameDecoder): void {
    this.#decoder = decoder;
    this.#receiver.listen(() => {
      Atomics.store(this.#ring.words, Word.WOKEN, 0);
      this.#deliver();
    });
  }

  write(batch: Uint8Array, body?: Uint8Array): void {
    try {
      this.#output.write(batch, body);
    } catch {
      // the local end is gone: the receiver sees the end of its input and ends the process
    }
  }

  drained(): undefined {
    return undefined;
  }

  /** The receiver keeps the process alive and ends it. */
  ref(): void {}
  unref(): void {}

  block(timeout: number): boolean {
    const reason = this.#executions.interrupted();
    if (reason) throw reason;
    // a handler that blocks was called while there were more frames in its chunk
    this.#blocked = true;
    try {
      return this.#decoder?.drain() || this.#park(timeout);
    } finally {
      this.#blocked = false;
      // frames that came after the last look woke nobody
      if (!this.#ring.empty) setImmediate(() => this.#deliver());
    }
  }

  linger(): void {
    if (this.#penalty > 0) {
      this.#penalty--;
      return;
    }
    if (this.#blocked || !this.#executions.alone()) return;
    this.#blocked = true;
    try {
      if (this.#decoder?.drain() || this.#park(LINGER)) this.#vain = 0;
      else {
        this.#vain = Math.min(MAX_PENALTY, this.#vain * 2 + 1);
        this.#penalty = this.#vain;
      }
    } finally {
      this.#blocked = false;
      if (!this.#ring.empty) setImmediate(() => this.#deliver());
    }
  }

  counted(open: number): void {
    Atomics.add(this.#ring.words, Word.CHANNELS, open - this.#open);
    this.#open = open;
  }

  /** The next channel of this thread was counted by the receiver, with its execution. */
  countedOne(): void {
    this.#open++;
  }

  /** The channel needs no route any more. */
  unroute(id: number): void {
    // ids made here carry the thread in themselves
    if (id % 2 === 0) return;
    this.#closed.push(id);
    if (this.#closed.length < CLOSED_LOT) return;
    this.tell({ kind: 'closed', ids: this.#closed });
    this.#closed = [];
  }

  tell(message: ThreadMessage): void {
    this.#receiver.postMessage(message);
  }

  streams(): typeof import('node:stream') {
    return builtin('node:stream');
  }

  warn(message: string, error: unknown): void {
    complain(`${message}\n${errorText(describeError(error))}`);
  }

  /** Waits for the receiver to write to the ring; false if it did not in time. */
  #park(timeout: number): boolean {
    const { words } = this.#ring;
    Atomics.store(words, Word.BLOCKED, 1);
    try {
      if (this.#ring.empty) {
        const seen = Atomics.load(words, Word.TAIL);
        if (!this.#wait(seen, timeout)) return false;
      }
    } finally {
      Atomics.store(words, Word.BLOCKED, 0);
    }
    this.#deliver();
    return true;
  }

  /** Waits, for `timeout` milliseconds at most, until HEAD is not `seen`; false if that did not happen. */
  #wait(seen: number, timeout: number): boolean {
    const { words } = this.#ring;
    let left = timeout;
    while (Atomics.load(words, Word.CLAIMED) === 0 && left > STARTING) {
      if (Atomics.wait(words, Word.HEAD, seen, STARTING) !== 'timed-out') return true;
      left -= STARTING;
      this.#receiver.insist?.();
    }
    return Atomics.wait(words, Word.HEAD, seen, left) !== 'timed-out';
  }

  #deliver(): void {
    const decoder = this.#decoder as FrameDecoder;
    decoder.drain();
    for (;;) {
      if (this.#ring.takeCut()) decoder.abandon();
      const { space } = decoder;
      const size = this.#ring.read(space ?? this.#scratch);
      if (size === 0) return;
      if (Atomics.exchange(this.#ring.words, Word.FULL, 0) === 1) this.tell({ kind: 'room' });
      if (space) decoder.filled(size);
      else decoder.push(this.#scratch.subarray(0, size));
    }
  }
}
