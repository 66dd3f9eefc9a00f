import { clearTimeout, performance, setImmediate, setTimeout } from '../clock.ts';

/**
 * A process that has exited may have left its streams to others, which left its group. What it wrote itself is there at once; so the end is
 * told after this many milliseconds without anything new, whoever holds the streams.
 */
const LINGERING_STREAMS = 50;

/** And after this many at the latest, whatever those others print: the loss of a connection is to be told soon. */
const LONGEST_LINGERING = 1000;

/** The streams of a process that has exited. */
export interface LastWords {
  /** Settles when all streams have ended. */
  readonly ended: Promise<unknown>;
  /** How many bytes have come from them. */
  arrived(): number;
  /** Resolves when somebody takes what comes; what waits because nobody does is not given up. */
  flowing(): Promise<void>;
}

/** Waits for what a process wrote before it ended, whoever holds its streams now. */
export async function untilQuiet({ ended, arrived, flowing }: LastWords): Promise<void> {
  await flowing();
  const all = ended.then(() => true);
  let deadline = performance.now() + LONGEST_LINGERING;
  for (let seen = -1; seen !== arrived() && performance.now() < deadline; ) {
    seen = arrived();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, LINGERING_STREAMS, false);
    });
    const over = await Promise.race([all, pause]);
    clearTimeout(timer);
    if (over) return;
    const before = performance.now();
    await flowing();
    deadline += performance.now() - before;
    // a busy program's timers fire before it has read what arrived meanwhile
    await new Promise((resolve) => setImmediate(resolve, undefined));
  }
}

/** Whether what a connection brings is taken: `pause` and `resume`, as something to wait for. */
export class Flow {
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  /** Resolves while it flows. */
  get flowing(): Promise<void> {
    return this.#open;
  }

  stop(): void {
    this.#release();
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  go(): void {
    this.#release();
  }
}
