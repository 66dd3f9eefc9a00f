import type { Executor, ExecutorThreads } from '@execnet/core/plugin';
import { WaitingTasks } from './waiting-tasks.ts';

/** As long as with execnet an execution waits for the one before it, in milliseconds: the next may be asked for when the last item of one has arrived and its end has not. */
const PATIENCE = 1000;

/** One execution at a time; a second one is refused in the words of execnet, because its master may wait for it for ever. */
export function createExecutor(threads: ExecutorThreads): Executor {
  const { main } = threads;
  const waiting = new WaitingTasks(threads, () => (main.executing === 0 ? main : undefined));
  return {
    get queued() {
      return waiting.length;
    },
    execute(task) {
      if (waiting.length === 0 && main.executing === 0) {
        task.runOn(main);
        return;
      }
      waiting.add(task);
      setTimeout(() => {
        if (waiting.remove(task.id)) task.refuse('concurrent remote_exec would cause deadlock');
      }, PATIENCE);
    },
    cancel: (id) => waiting.remove(id),
    idle: () => waiting.drain(),
  };
}
