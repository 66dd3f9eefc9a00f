/** Words of the block that all threads of a remote end share. */
export const BoardWord = {
  /** 0, or the slot of the thread that holds the write lock plus one. */
  LOCK: 0,
  /** 1 while the holder of the lock is inside a write: if it dies there, a frame may be cut. */
  WRITING: 1,
  /** Bytes in the outbox. */
  OUTBOX: 2,
  /** Guards the outbox. */
  OUTBOX_LOCK: 3,
  /** 1 while somebody wants to know when a thread has nothing left to execute. */
  IDLE_WANTED: 4,
  /** 1 when the connection is lost: whoever ends the process then sees to its children, because nobody else will. */
  LOST: 5,
  /** Counts what the main thread reads before there is a receiver. */
  HEARD: 6,
  /** 1 once the main thread has begun to exit, so that it runs no code but exit handlers. */
  LEAVING: 7,
} as const;

const WORDS = 8;

/**
 * Control frames that the receiver could not write because a thread was writing. A status answer has some 150 bytes; what does not fit waits
 * in the receiver, which then reads no further.
 */
const OUTBOX_SIZE = 16384;

/** The shared block, and views of its parts. */
export class Board {
  readonly shared: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly outbox: Uint8Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4 + OUTBOX_SIZE)) {
    this.shared = shared;
    this.words = new Int32Array(shared, 0, WORDS);
    this.outbox = new Uint8Array(shared, WORDS * 4, OUTBOX_SIZE);
  }
}
