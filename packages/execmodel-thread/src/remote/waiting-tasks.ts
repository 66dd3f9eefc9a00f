import type { ExecutorThread, ExecutorThreads, Task } from '@execnet/core/plugin';

/** Tasks that wait for a thread, in order. */
export class WaitingTasks {
  readonly #threads: ExecutorThreads;
  readonly #free: () => ExecutorThread | undefined;
  readonly #tasks: Task[] = [];
  /** How many have got a thread. */
  given = 0;

  /** `free`: a thread that may take one. */
  constructor(threads: ExecutorThreads, free: () => ExecutorThread | undefined) {
    this.#threads = threads;
    this.#free = free;
  }

  get length(): number {
    return this.#tasks.length;
  }

  add(task: Task): void {
    this.#tasks.push(task);
    this.#threads.wantIdle(true);
    // a thread may have become free before it knew that somebody waits
    this.drain();
  }

  /** True if it was waiting, and does no longer. */
  remove(id: number): boolean {
    const at = this.#tasks.findIndex((task) => task.id === id);
    if (at >= 0) this.#tasks.splice(at, 1);
    return at >= 0;
  }

  /** The first one is told that it can't run. */
  refuse(message: string): void {
    this.#tasks.shift()?.refuse(message);
  }

  /** Gives tasks to the threads that are free. */
  drain(): void {
    while (this.#tasks.length > 0) {
      const thread = this.#free();
      if (!thread) return;
      this.given++;
      (this.#tasks.shift() as Task).runOn(thread);
    }
    this.#threads.wantIdle(false);
  }
}
