import type { Executor, ExecutorThread, ExecutorThreads, Task } from '@execnet/core/plugin';
import type { WorkerOptions } from '../worker-options.ts';

/** Set by the text that goes before this program. */
declare const OPTIONS: WorkerOptions;

/** How long code that was cancelled, or is over, may use to come to its end, in milliseconds. */
const GRACE = 1000;

/** A remote end tells 255 threads apart, and the main thread is one of them. */
const MOST = 254;

interface Running {
  readonly task: number;
  /** Runs once the thread is to end. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A fresh thread for each execution, which ends with it and with the channels that it leaves open. */
export function createExecutor(threads: ExecutorThreads): Executor {
  const waiting: Task[] = [];
  const running = new Map<ExecutorThread, Running>();
  const limit = Math.min(threads.limit, MOST);
  threads.wantIdle(true);

  const start = (task: Task): void => {
    const thread = threads.spawn({ isolated: true, ...(OPTIONS.limits && { limits: OPTIONS.limits }) });
    running.set(thread, { task: task.id, timer: undefined });
    task.runOn(thread);
  };

  const force = (thread: ExecutorThread): void => {
    if (OPTIONS.killThread) thread.kill();
    else
      threads.warn(
        `an execution was cancelled and does not come to its end; ${OPTIONS.interpreter} can't stop a thread: terminate the gateway`,
      );
  };

  /** Ends a thread on which nothing is executed any more; what code has left behind there may keep it from seeing that. */
  const close = (thread: ExecutorThread, entry: Running): void => {
    clearTimeout(entry.timer);
    thread.close();
    entry.timer = setTimeout(() => force(thread), GRACE);
  };

  return {
    get queued() {
      return waiting.length;
    },
    execute(task) {
      if (running.size < limit) start(task);
      else waiting.push(task);
    },
    cancel(id) {
      const at = waiting.findIndex((task) => task.id === id);
      if (at >= 0) waiting.splice(at, 1);
      for (const [thread, entry] of running) {
        if (entry.task !== id) continue;
        entry.timer ??= setTimeout(() => {
          if (thread.executing > 0) force(thread);
          else close(thread, entry);
        }, GRACE);
      }
      return at >= 0;
    },
    idle(thread) {
      const entry = running.get(thread);
      // channels that it was given outlive the execution, and what is behind them lives here
      if (!entry || thread.executing > 0 || thread.channels > 0) return;
      close(thread, entry);
    },
    ended(thread) {
      clearTimeout(running.get(thread)?.timer);
      running.delete(thread);
      const next = waiting.shift();
      if (next) start(next);
    },
  };
}
