import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** What counts as quiet: so much of all processors idle, for so many milliseconds. The kernel counts in ticks of 10 ms. */
const IDLE = 0.9;
const WINDOW = 60;

/** A machine that is not quiet for so long will not be soon. In milliseconds. */
const PATIENCE = 20_000;

/** Waits, before each measurement, until nothing else runs; counts in vain waits. */
export class Quiet {
  #asked = 0;
  #vain = 0;

  /** Resolves when the machine is quiet, or when that took too long. */
  async wait(): Promise<void> {
    this.#asked++;
    const deadline = performance.now() + PATIENCE;
    while (performance.now() < deadline) {
      const before = ticks();
      await pause(WINDOW);
      const after = ticks();
      if ((after.idle - before.idle) / Math.max(1, after.all - before.all) >= IDLE) return;
    }
    this.#vain++;
  }

  /** For the report. */
  toString(): string {
    return `${this.#asked - this.#vain} of ${this.#asked} measurements began on a quiet machine`;
  }
}

/** Time since boot by the kernel's count, of all processors together; Linux only. */
function ticks(): { idle: number; all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, ...rest] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const others = rest.slice(0, 3).reduce((sum, value) => sum + value, 0);
  return { idle: idle + waiting, all: user + nice + system + idle + waiting + others };
}
