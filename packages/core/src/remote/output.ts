import { type Board, BoardWord } from './board.ts';
import type { RawIo } from './raw-io.ts';

/** Slot of the receiver among the holders of the lock; threads that execute code count from 0. */
export const RECEIVER_SLOT = 255;

/**
 * The one way out to the local end, shared by all threads: whole batches under a lock.
 *
 * The receiver never waits for the lock, because a thread that holds it may wait for the local end, which may wait for the receiver. It leaves
 * its frames in the outbox, and whoever holds the lock writes them before and after it lets go.
 */
export class Output {
  readonly #board: Board;
  readonly #io: RawIo;
  readonly #holder: number;
  #holds = 0;

  constructor(board: Board, io: RawIo, slot: number) {
    this.#board = board;
    this.#io = io;
    this.#holder = slot + 1;
  }

  /** Writes a batch of whole frames, waiting for its turn. */
  write(batch: Uint8Array, body?: Uint8Array): void {
    const { words } = this.#board;
    for (;;) {
      const holder = Atomics.compareExchange(words, BoardWord.LOCK, 0, this.#holder);
      if (holder === 0) break;
      Atomics.wait(words, BoardWord.LOCK, holder);
    }
    try {
      Atomics.store(words, BoardWord.WRITING, 1);
      this.#io.write(batch, body);
      this.#flushOutbox();
    } finally {
      this.#unlock();
    }
    this.#flushLate();
  }

  /** Writes control frames without ever waiting for another thread; false if there is no room for them now. For the receiver. */
  post(frames: Uint8Array): boolean {
    const { words } = this.#board;
    if (Atomics.compareExchange(words, BoardWord.LOCK, 0, this.#holder) === 0) {
      try {
        Atomics.store(words, BoardWord.WRITING, 1);
        this.#flushOutbox();
        this.#io.write(frames);
      } finally {
        this.#unlock();
      }
      return true;
    }
    if (!this.#leave(frames)) return false;
    // the holder may have let go after its last look
    this.#flushLate();
    return true;
  }

  /** Takes the lock, so that no thread is inside a write, until {@link letGo}; false if one is. Counted. For the receiver. */
  hold(): boolean {
    const { words } = this.#board;
    if (this.#holds === 0 && Atomics.compareExchange(words, BoardWord.LOCK, 0, this.#holder) !== 0)
      return false;
    this.#holds++;
    return true;
  }

  letGo(): void {
    if (--this.#holds > 0) return;
    this.#unlock();
    this.#flushLate();
  }

  /** The thread in `slot` is gone. True if it may have cut a frame: the connection is of no use then. */
  release(slot: number): boolean {
    const { words } = this.#board;
    if (Atomics.load(words, BoardWord.LOCK) !== slot + 1) return false;
    const cut = Atomics.load(words, BoardWord.WRITING) === 1;
    // only the receiver, which is here, and the holder of the lock ever hold this one
    Atomics.store(words, BoardWord.OUTBOX_LOCK, 0);
    this.#unlock();
    return cut;
  }

  #unlock(): void {
    const { words } = this.#board;
    Atomics.store(words, BoardWord.WRITING, 0);
    Atomics.store(words, BoardWord.LOCK, 0);
    Atomics.notify(words, BoardWord.LOCK, 1);
  }

  /** What was left in the outbox between the holder's last look and its letting go. */
  #flushLate(): void {
    const { words } = this.#board;
    while (Atomics.load(words, BoardWord.OUTBOX) > 0) {
      if (Atomics.compareExchange(words, BoardWord.LOCK, 0, this.#holder) !== 0) return;
      try {
        Atomics.store(words, BoardWord.WRITING, 1);
        this.#flushOutbox();
      } finally {
        this.#unlock();
      }
    }
  }

  #flushOutbox(): void {
    const { words, outbox } = this.#board;
    if (Atomics.load(words, BoardWord.OUTBOX) === 0) return;
    this.#lockOutbox();
    const frames = outbox.slice(0, Atomics.load(words, BoardWord.OUTBOX));
    Atomics.store(words, BoardWord.OUTBOX, 0);
    Atomics.store(words, BoardWord.OUTBOX_LOCK, 0);
    if (frames.length > 0) this.#io.write(frames);
  }

  #leave(frames: Uint8Array): boolean {
    const { words, outbox } = this.#board;
    this.#lockOutbox();
    const fill = Atomics.load(words, BoardWord.OUTBOX);
    const fits = fill + frames.length <= outbox.length;
    if (fits) {
      outbox.set(frames, fill);
      Atomics.store(words, BoardWord.OUTBOX, fill + frames.length);
    }
    Atomics.store(words, BoardWord.OUTBOX_LOCK, 0);
    return fits;
  }

  /** Held for a copy of a few kilobytes at most, so turning round is cheaper than sleeping. */
  #lockOutbox(): void {
    while (Atomics.compareExchange(this.#board.words, BoardWord.OUTBOX_LOCK, 0, 1) !== 0);
  }
}
