import type { Executor, ExecutorThreads } from '@execnet/core/plugin';

/** Everything in the main thread, at once: tasks take turns there, and there is nothing to wait for. */
export function createExecutor({ main }: ExecutorThreads): Executor {
  return {
    queued: 0,
    execute: (task) => task.runOn(main),
    cancel: () => false,
    idle() {},
  };
}
