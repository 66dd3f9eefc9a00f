import { sharedCopy } from './shared-copy.ts';

/** Words of the control part of a thread's shared block. */
export const Word = {
  /** Bytes written to the ring, modulo 2^32; the word that a blocked thread waits on. */
  HEAD: 0,
  /** Bytes read from the ring, modulo 2^32. */
  TAIL: 1,
  /** 1 while the thread waits on HEAD: it is woken by notification, else by a message. */
  BLOCKED: 2,
  /** 1 while a message that wakes the thread's event loop is on its way. */
  WOKEN: 3,
  /** 1 when the writer has more than fits and wants to be told when there is room. */
  FULL: 4,
  /** Executions that were given to the thread and are not over. */
  EXECUTING: 5,
  /** Open channels of the thread. */
  CHANNELS: 6,
  /** The code of an isolated thread has ended it, with this exit code plus one. */
  EXIT_CODE: 7,
  /** 1 when the frame that the bytes before CUT_AT end with will not be completed. */
  CUT: 8,
  /** A position, as HEAD and TAIL are. */
  CUT_AT: 9,
  /** The number of channels that the code of the thread has made. */
  MADE: 10,
  /** 1 once the thread runs that the block was made for, the receiver for the main thread's; 2 when it has left the block for good. */
  CLAIMED: 11,
} as const;

const WORDS = 12;

/** Holds as much as two reads bring, so that writer and reader need not take turns. A power of two. */
const RING_SIZE = 524288;

/** A reader that sleeps is woken when so much waits for it, though more is to come at once: it is at work long before the ring is full. */
const WAKE_SIZE = 65536;

/**
 * The bytes on their way from the receiver thread to a thread that executes code: one writer, one reader, no lock.
 *
 * Reader and writer each own one position; both are free-running counters, so that full and empty differ.
 */
export class Ring {
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(block: SharedArrayBuffer) {
    this.words = new Int32Array(block, 0, WORDS);
    this.#bytes = new Uint8Array(block, WORDS * 4, RING_SIZE);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * 4 + RING_SIZE);
  }

  /** True for the first that asks: of several threads that were started for one purpose, the others end. */
  static claim(block: SharedArrayBuffer): boolean {
    return Atomics.exchange(new Int32Array(block, 0, WORDS), Word.CLAIMED, 1) === 0;
  }

  static isClaimed(block: SharedArrayBuffer): boolean {
    return Atomics.load(new Int32Array(block, 0, WORDS), Word.CLAIMED) !== 0;
  }

  /** The thread that has claimed it will not touch it any more. */
  leave(): void {
    Atomics.store(this.words, Word.CLAIMED, 2);
  }

  static isLeft(block: SharedArrayBuffer): boolean {
    return Atomics.load(new Int32Array(block, 0, WORDS), Word.CLAIMED) === 2;
  }

  /** Makes a block that nobody uses any more as good as new. */
  static clear(block: SharedArrayBuffer): void {
    new Int32Array(block, 0, WORDS).fill(0);
  }

  /** The reader has begun. */
  get hasBeenRead(): boolean {
    return Atomics.load(this.words, Word.TAIL) !== 0;
  }

  /** Writes as much of `chunk` as fits; returns how much that was. Writer only. */
  write(chunk: Uint8Array): number {
    const head = Atomics.load(this.words, Word.HEAD);
    const used = (head - Atomics.load(this.words, Word.TAIL)) >>> 0;
    const size = Math.min(chunk.length, RING_SIZE - used);
    if (size === 0) return 0;
    const at = (head >>> 0) % RING_SIZE;
    const first = Math.min(size, RING_SIZE - at);
    sharedCopy(this.#bytes, at, first === chunk.length ? chunk : chunk.subarray(0, first));
    if (first < size) sharedCopy(this.#bytes, 0, chunk.subarray(first, size));
    Atomics.store(this.words, Word.HEAD, (head + size) | 0);
    return size;
  }

  /** Reads what there is into `target`; returns how much that was. Reader only. */
  read(target: Uint8Array): number {
    const tail = Atomics.load(this.words, Word.TAIL);
    // first HEAD: what lies behind a cut is written after that is marked
    const head = Atomics.load(this.words, Word.HEAD);
    const end = this.#isCut ? Atomics.load(this.words, Word.CUT_AT) : head;
    const size = Math.min(target.length, (head - tail) >>> 0, (end - tail) >>> 0);
    if (size === 0) return 0;
    const at = (tail >>> 0) % RING_SIZE;
    const first = Math.min(size, RING_SIZE - at);
    sharedCopy(target, 0, this.#bytes.subarray(at, at + first));
    if (first < size) sharedCopy(target, first, this.#bytes.subarray(0, size - first));
    Atomics.store(this.words, Word.TAIL, (tail + size) | 0);
    return size;
  }

  /** What has been written, and the next `waiting` bytes, end within a frame that will not be completed. Writer only, once. */
  cut(waiting: number): void {
    Atomics.store(this.words, Word.CUT_AT, (Atomics.load(this.words, Word.HEAD) + waiting) | 0);
    Atomics.store(this.words, Word.CUT, 1);
  }

  /** True, once, if what has been read ends within a frame that will not be completed. Reader only. */
  takeCut(): boolean {
    if (!this.#isCut || Atomics.load(this.words, Word.CUT_AT) !== Atomics.load(this.words, Word.TAIL))
      return false;
    Atomics.store(this.words, Word.CUT, 0);
    return true;
  }

  get #isCut(): boolean {
    return Atomics.load(this.words, Word.CUT) === 1;
  }

  get wantsReader(): boolean {
    return (Atomics.load(this.words, Word.HEAD) - Atomics.load(this.words, Word.TAIL)) >>> 0 > WAKE_SIZE;
  }

  get empty(): boolean {
    return Atomics.load(this.words, Word.HEAD) === Atomics.load(this.words, Word.TAIL);
  }
}
