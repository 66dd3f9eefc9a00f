import type { Executor, ExecutorThreads } from '@execnet/core/plugin';

/** One execution at a time; a second one is refused in the words of execnet, because its master may wait for it for ever. */
export function createExecutor({ main }: ExecutorThreads): Executor {
  return {
    queued: 0,
    execute(task) {
      if (main.executing === 0) task.runOn(main);
      else task.refuse('concurrent remote_exec would cause deadlock');
    },
    cancel: () => false,
    idle() {},
  };
}
