import { setImmediate } from '../clock.ts';
import { Code, encodeFrame, int32Payload } from '../wire/index.ts';
import { Backlog } from './backlog.ts';
import type { ExecutorThread } from './executor.ts';
import type { Port } from './port.ts';
import { type Ring, Word } from './ring.ts';
import type { Route } from './router.ts';

/**
 * Wakes threads once for all that one read brings them, and for several reads in a row if these are full: a thread that is woken for each part
 * of a large item goes to sleep again each time.
 */
export class WakeUps {
  readonly #due = new Set<RoutedThread>();
  #collecting = false;
  #scheduled = false;

  /** Runs `work`, which passes on what was read. `more`: there is probably more to read at once. */
  collect(work: () => void, more: boolean): void {
    this.#collecting = true;
    try {
      work();
    } finally {
      this.#collecting = false;
      if (!more) this.#wakeAll();
      else if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => {
          this.#scheduled = false;
          this.#wakeAll();
        });
      }
    }
  }

  /** True if the thread is to be woken now; otherwise that follows. */
  due(thread: RoutedThread): boolean {
    if (!this.#collecting) return true;
    this.#due.add(thread);
    return false;
  }

  #wakeAll(): void {
    for (const thread of this.#due) thread.wake();
    this.#due.clear();
  }
}

/** An executing thread as the receiver sees it: where its frames go, and how busy it is. */
export class RoutedThread implements Route, ExecutorThread {
  readonly port: Port;
  /** It runs a service of the gateway: what it does is no execution. */
  readonly service: boolean;
  readonly #ring: Ring;
  /** Missing for the main thread, which nobody ends. */
  readonly #kill: (() => void) | undefined;
  readonly #overflow = new Backlog();
  /** How much of the frame that arrives is still to come. */
  #left = 0;
  /** Frames that wait for the end of that. */
  readonly #inserted: Uint8Array[] = [];
  #isCut = false;
  readonly #wakeUps: WakeUps;
  #gone = false;
  #killed = false;
  #latest: number | undefined;

  constructor(
    ring: Ring,
    wakeUps: WakeUps,
    { port, kill, service = false }: { port: Port; kill?: () => void; service?: boolean },
  ) {
    this.service = service;
    this.#ring = ring;
    this.#wakeUps = wakeUps;
    this.port = port;
    this.#kill = kill;
  }

  /** The thread is gone: its ring is not touched any more. */
  retire(): void {
    this.#gone = true;
  }

  get executing(): number {
    if (this.#gone) return 0;
    return Atomics.load(this.#ring.words, Word.EXECUTING);
  }

  get channels(): number {
    if (this.#gone) return 0;
    return Atomics.load(this.#ring.words, Word.CHANNELS);
  }

  get started(): boolean {
    return !this.#gone && this.#ring.hasBeenRead;
  }

  /** The number of channels that its code has made. */
  get made(): number {
    return Atomics.load(this.#ring.words, Word.MADE);
  }

  /** What the code of an isolated thread has ended it with. */
  get exitCode(): number | undefined {
    const word = Atomics.load(this.#ring.words, Word.EXIT_CODE);
    return word === 0 ? undefined : word - 1;
  }

  /** It was ended from here, whatever it ran. */
  get killed(): boolean {
    return this.#killed;
  }

  /** The execution that it was given last. */
  get latest(): number | undefined {
    return this.#latest;
  }

  /** An execution is about to be given to it: it is counted with its channel before the thread knows of either. */
  begin(id: number): void {
    this.#latest = id;
    Atomics.add(this.#ring.words, Word.CHANNELS, 1);
    Atomics.add(this.#ring.words, Word.EXECUTING, 1);
  }

  close(): void {
    // by message, behind all frames; the main thread never closes
    if (this.#kill) this.insert(encodeFrame(Code.GOODBYE, 0, int32Payload(0)));
  }

  kill(): void {
    this.#killed = true;
    this.#kill?.();
  }

  write(bytes: Uint8Array, left: number): void {
    if (this.#isCut) return;
    let rest = bytes;
    if (this.#inserted.length > 0 && bytes.length >= this.#left) {
      this.#put(bytes.subarray(0, this.#left));
      rest = bytes.subarray(this.#left);
      this.#putInserted();
    }
    this.#put(rest);
    this.#left = left;
  }

  insert(frame: Uint8Array): void {
    if (this.#left > 0) this.#inserted.push(frame);
    else this.#put(frame);
  }

  /** Nothing arrives any more, not even the rest of a frame that has begun: the thread forgets that, and what waited for its end follows. */
  cut(): void {
    this.#isCut = true;
    if (this.#left === 0) return;
    this.#left = 0;
    if (!this.#gone) this.#ring.cut(this.#overflow.size);
    this.#putInserted();
  }

  #putInserted(): void {
    for (const frame of this.#inserted.splice(0)) this.#put(frame);
  }

  /** Passes bytes on, in order. What does not fit is kept: flow control bounds how much that can be. */
  #put(bytes: Uint8Array): void {
    if (this.#gone || bytes.length === 0) return;
    if (!this.#overflow.empty) {
      this.#overflow.push(bytes);
      this.flush();
      return;
    }
    const written = this.#ring.write(bytes);
    if (written < bytes.length) {
      this.#overflow.push(bytes.subarray(written));
      this.flush();
    } else this.#changed();
  }

  /** Writes what was kept, as far as there is room. */
  flush(): void {
    if (this.#gone) return;
    const { words } = this.#ring;
    while (!this.#overflow.empty) {
      const bytes = this.#overflow.front();
      let written = this.#ring.write(bytes);
      if (written < bytes.length) {
        // asked first, then tried again: the reader may have made room in between
        Atomics.store(words, Word.FULL, 1);
        written += this.#ring.write(bytes.subarray(written));
      }
      this.#overflow.take(written);
      if (written < bytes.length) break;
    }
    this.#changed();
  }

  #changed(): void {
    if (this.#ring.wantsReader || this.#wakeUps.due(this)) this.wake();
  }

  /** Makes the thread look at its ring. */
  wake(): void {
    if (this.#gone) return;
    const { words } = this.#ring;
    if (Atomics.load(words, Word.BLOCKED) === 1) Atomics.notify(words, Word.HEAD, 1);
    else if (Atomics.exchange(words, Word.WOKEN, 1) === 0) this.port.postMessage(0);
  }
}
