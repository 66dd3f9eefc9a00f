import type { Executor, ExecutorThread, ExecutorThreads } from '@execnet/core/plugin';
import { WaitingTasks } from './waiting-tasks.ts';

/** A thread that had nothing to do for so long is ended, in milliseconds: it costs 10 MiB, and starting another some 30 ms. */
const IDLE_LIFETIME = 10_000;

/** What a thread is taken to need until it is up while none was seen to start, in milliseconds. */
const USUAL_START = 30;

/** A machine that takes longer than that is busy with something else, in milliseconds. */
const MAX_START = 2000;

/** How often it is looked whether what waits gets on, in milliseconds. */
const LOOK = 5;

interface Entry {
  readonly thread: ExecutorThread;
  readonly spawned: number;
  /** It was seen while it was not up yet: so when it is, that is seen in time. */
  starting: boolean;
  started: boolean;
  idleSince: number;
}

/**
 * Schedules executions: the main thread if it is free, else a free thread, else they wait. As many threads as the machine runs at a time are started at once;
 * further ones, up to the limit, when nothing has started or come to its end for as long as a thread takes to start: then what runs waits itself, maybe for what
 * waits here. A thread for each of a thousand short calls would take longer than all of them on one.
 */
export function createExecutor(threads: ExecutorThreads): Executor {
  const pool: Entry[] = [];
  let sweeper: ReturnType<typeof setInterval> | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  /** For how long nothing was seen to start, or to come to its end, while others waited: the time between looks at most, so that a machine that is too busy to look is not taken for code that waits. */
  let stalled = 0;
  let looked = 0;
  let given = 0;
  let startTime = USUAL_START;

  const free = (): ExecutorThread | undefined => {
    if (threads.main.executing === 0) return threads.main;
    return pool.find(({ thread }) => thread.executing === 0)?.thread;
  };
  const waiting = new WaitingTasks(threads, free);

  const spawn = (): ExecutorThread => {
    const thread = threads.spawn();
    pool.push({ thread, spawned: performance.now(), starting: false, started: false, idleSince: 0 });
    sweeper ??= setInterval(sweep, IDLE_LIFETIME / 2);
    return thread;
  };

  const place = (): ExecutorThread | undefined =>
    free() ?? (pool.length + 1 < Math.min(threads.limit, threads.parallelism) ? spawn() : undefined);

  /** Sees to it that what waits does not wait for what runs. */
  const look = (): void => {
    const now = performance.now();
    stalled += Math.min(now - looked, 2 * LOOK);
    looked = now;
    waiting.drain();
    if (waiting.given !== given) stalled = 0;
    given = waiting.given;
    for (const entry of pool) {
      if (entry.started) continue;
      if (entry.thread.started) {
        entry.started = true;
        stalled = 0;
        if (entry.starting) startTime = Math.min(now - entry.spawned, MAX_START);
      } else entry.starting = true;
    }
    if (waiting.length === 0) {
      clearInterval(watch);
      watch = undefined;
      for (const entry of pool) entry.starting = false;
    } else if (stalled >= startTime) {
      stalled = 0;
      grow();
    }
  };

  const grow = (): void => {
    const size = pool.length + 1;
    try {
      for (let n = Math.min(size, threads.limit - size, waiting.length); n > 0; n--) spawn();
    } catch (error) {
      // the system gives no more of them
      waiting.refuse((error as Error).message);
    }
    waiting.drain();
  };

  /** Ends threads that are not needed. One with open channels is: others may still talk to what runs behind them. */
  const sweep = (): void => {
    const now = performance.now();
    for (let i = pool.length - 1; i >= 0; i--) {
      const entry = pool[i] as Entry;
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
      if (thread) {
        task.runOn(thread);
        return;
      }
      waiting.add(task);
      if (watch || pool.length + 1 >= threads.limit) return;
      stalled = 0;
      looked = performance.now();
      watch = setInterval(look, LOOK);
    },
    cancel: (id) => waiting.remove(id),
    ended(thread) {
      const at = pool.findIndex((entry) => entry.thread === thread);
      if (at >= 0) pool.splice(at, 1);
    },
    idle: () => waiting.drain(),
  };
}
