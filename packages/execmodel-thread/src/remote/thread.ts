import type { Executor, ExecutorThread, ExecutorThreads } from '@execnet/core/plugin';
import { WaitingTasks } from './waiting-tasks.ts';

/** A thread that had nothing to do for so long is ended, in milliseconds: it costs 10 MiB, and starting another some 30 ms. */
const IDLE_LIFETIME = 10_000;

/** Schedules executions: the main thread if it is free, else a free thread, else a new one, else they wait. */
export function createExecutor(threads: ExecutorThreads): Executor {
  const pool: { thread: ExecutorThread; idleSince: number }[] = [];
  let sweeper: ReturnType<typeof setInterval> | undefined;

  const free = (): ExecutorThread | undefined => {
    if (threads.main.executing === 0) return threads.main;
    return pool.find(({ thread }) => thread.executing === 0)?.thread;
  };
  const waiting = new WaitingTasks(threads, free);

  const place = (): ExecutorThread | undefined => {
    const found = free();
    if (found || pool.length + 1 >= threads.limit) return found;
    const thread = threads.spawn();
    pool.push({ thread, idleSince: 0 });
    sweeper ??= setInterval(sweep, IDLE_LIFETIME / 2);
    return thread;
  };

  /** Ends threads that are not needed. One with open channels is: others may still talk to what runs behind them. */
  const sweep = (): void => {
    const now = performance.now();
    for (let i = pool.length - 1; i >= 0; i--) {
      const entry = pool[i] as (typeof pool)[number];
      const { thread } = entry;
      if (thread.executing > 0 || thread.channels > 0) entry.idleSince = 0;
      else if (entry.idleSince === 0) entry.idleSince = now;
      else if (now - entry.idleSince >= IDLE_LIFETIME) {
        pool.splice(i, 1);
        thread.close();
      }
    }
    if (pool.length > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };

  return {
    get queued() {
      return waiting.length;
    },
    execute(task) {
      const thread = waiting.length === 0 ? place() : undefined;
      if (thread) task.runOn(thread);
      else waiting.add(task);
    },
    cancel: (id) => waiting.remove(id),
    idle: () => waiting.drain(),
  };
}
