import { strictEqual } from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import type { ExecutorThread, ExecutorThreads, Task } from '@execnet/core/plugin';
import { test } from 'uvu';
import { createExecutor } from '../src/remote/thread.ts';

// what looks for threads to end goes on for as long as a remote end does
const interval = globalThis.setInterval;
globalThis.setInterval = (...args: Parameters<typeof interval>) => interval(...args).unref();

/** A thread whose code waits for what is not there yet. */
class BusyThread implements ExecutorThread {
  readonly channels = 1;
  started = true;
  executing = 0;
  close(): void {}
  kill(): void {}
}

/** The threads of a remote end on a machine that runs one at a time. */
class Threads implements ExecutorThreads {
  readonly main: BusyThread = new BusyThread();
  readonly limit = 20;
  readonly parallelism: number;
  readonly made: BusyThread[] = [];
  /** Whether a thread is up as soon as it is made. */
  quick = true;

  constructor(parallelism = 1) {
    this.parallelism = parallelism;
  }

  spawn(): ExecutorThread {
    const thread = new BusyThread();
    thread.started = this.quick;
    this.made.push(thread);
    return thread;
  }

  get spawned(): number {
    return this.made.length;
  }

  wantIdle(): void {}
  warn(): void {}
}

const task = (id: number): Task => ({
  id,
  runOn: (thread) => void (thread as BusyThread).executing++,
  refuse: () => {},
});

/** Computes for so many milliseconds, in which nobody can look. */
function compute(time: number): void {
  const end = performance.now() + time;
  while (performance.now() < end);
}

test('what waits for code that waits gets a thread', async () => {
  const threads = new Threads();
  const executor = createExecutor(threads);
  for (const id of [1, 3]) executor.execute(task(id));
  strictEqual(executor.queued, 1);
  while (executor.queued > 0) await after(1);
  strictEqual(threads.spawned, 1);
});

test('as many threads as the machine runs at a time are started at once', async () => {
  const threads = new Threads(4);
  const executor = createExecutor(threads);
  for (const id of [1, 3, 5, 7, 9, 11]) executor.execute(task(id));
  strictEqual(threads.spawned, 3);
  strictEqual(executor.queued, 2);
  while (executor.queued > 0) await after(1);
  strictEqual(threads.spawned, 5);
});

test('none is started while something comes to its end', async () => {
  const threads = new Threads();
  const executor = createExecutor(threads);
  for (let id = 1; id < 200; id += 2) executor.execute(task(id));
  // one after the other, as short calls do
  while (executor.queued > 0) {
    await after(2);
    threads.main.executing = 0;
    executor.idle(threads.main);
  }
  strictEqual(threads.spawned, 0);
});

test('a machine that is too busy to look is not taken for code that waits', async () => {
  const threads = new Threads();
  const executor = createExecutor(threads);
  for (const id of [1, 3, 5, 7]) executor.execute(task(id));
  compute(100);
  // behind the look that is due
  await after(1);
  strictEqual(threads.spawned, 0);
  for (const id of [3, 5, 7]) executor.cancel(id);
});

/** Runs `body` with a clock that goes on only as `pass` says, in steps of the time between looks. */
function withClock(body: (pass: (time: number) => void) => void): void {
  const { performance, setInterval } = globalThis;
  let now = 0;
  const due = new Set<() => void>();
  try {
    globalThis.performance = { now: () => now } as typeof performance;
    globalThis.setInterval = ((look: () => void, time: number) => {
      if (time < 100) due.add(look);
      return interval(() => {}, 1000).unref();
    }) as typeof globalThis.setInterval;
    body((time) => {
      for (let step = 0; step < time; step += 5) {
        now += 5;
        for (const look of due) look();
      }
    });
  } finally {
    Object.assign(globalThis, { performance, setInterval });
  }
}

test('further ones wait for one that starts, and then for as long as that took', () =>
  withClock((pass) => {
    const threads = new Threads();
    threads.quick = false;
    const executor = createExecutor(threads);
    for (let id = 1; id < 40; id += 2) executor.execute(task(id));
    pass(25);
    strictEqual(threads.spawned, 0);
    pass(5);
    strictEqual(threads.spawned, 1);
    // less than any was seen to take
    pass(20);
    for (const thread of threads.made) thread.started = true;
    pass(5);
    strictEqual(threads.spawned, 1);
    pass(20);
    strictEqual(threads.spawned, 1);
    pass(5);
    strictEqual(threads.spawned, 3);
    // nor before these two have had that time
    pass(20);
    strictEqual(threads.spawned, 3);
  }));

test.run();
