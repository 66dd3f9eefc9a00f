import type { Executor, ExecutorThreads, Task } from '@execnet/core/plugin';

/**
 * How long an execution waits for the one before it to end, in milliseconds, as with execnet. Who has got what it sent last may begin the next before it has ended.
 */
const PATIENCE = 1000;

/** One execution at a time; a second one is refused in the words of execnet, because its master may wait for it for ever. */
export function createExecutor(threads: ExecutorThreads): Executor {
  const { main } = threads;
  const waiting: { readonly task: Task; readonly timer: ReturnType<typeof setTimeout> }[] = [];

  const leave = (id: number): boolean => {
    const at = waiting.findIndex(({ task }) => task.id === id);
    if (at < 0) return false;
    clearTimeout(waiting[at]?.timer);
    waiting.splice(at, 1);
    if (waiting.length === 0) threads.wantIdle(false);
    return true;
  };

  const next = (): void => {
    const first = waiting[0]?.task;
    if (!first || main.executing > 0) return;
    leave(first.id);
    first.runOn(main);
  };

  return {
    get queued() {
      return waiting.length;
    },
    execute(task) {
      if (waiting.length === 0 && main.executing === 0) {
        task.runOn(main);
        return;
      }
      const timer = setTimeout(() => {
        if (leave(task.id)) task.refuse('concurrent remote_exec would cause deadlock');
      }, PATIENCE);
      waiting.push({ task, timer });
      threads.wantIdle(true);
      // it may have ended before it knew that somebody waits
      next();
    },
    cancel: leave,
    idle: next,
  };
}
