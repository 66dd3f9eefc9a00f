import type { Runner, RunnerContext, Running, Settlement } from '@execnet/core/plugin';
import { type Coroutine, createScope, type Operation, type Task, useScope } from 'effection';
import { Reducer, ReducerContext } from 'effection/esm/lib/reducer.js';
import { settled } from '../settled.ts';

// tests of users replace the global ones by what only goes on when it is told to
const { setTimeout, clearTimeout } = globalThis;

import { offerEffection } from './offer.ts';

/**
 * How often a task is unwound that was halted and whose grace is over, in milliseconds. Once may not be enough: a generator that yields in a
 * `finally` block inside a delegated one is resumed as if nothing had been halted, goes on to its next operation, and waits there
 * (thefrontside/effection#1190).
 */
const AGAIN = 100;

/** Each execution a task. */
export function createRunner({ bind }: RunnerContext): Runner {
  offerEffection();
  const root = createScope();
  return {
    run(code, settlement) {
      const routines = new Set<Coroutine>();
      const reducer = reducerOf(routines, bind);
      // for the task itself, which takes it when it is made; what it makes later inherits it from the scope of the task
      root.set(ReducerContext, reducer);
      const task = root.run(function* () {
        (yield* useScope()).set(ReducerContext, reducer);
        return yield* operationOf(code);
      });
      return new ExecutionTask(task, routines, settlement);
    },
  };
}

/**
 * What steps the routines of one execution. Effection has one for all: then a routine that resumes another would run it as a part of its own
 * execution.
 */
function reducerOf(routines: Set<Coroutine>, bind: RunnerContext['bind']): Reducer {
  const reducer = new Reducer();
  const schedule = bind(reducer.schedule);
  reducer.schedule = (routine) => {
    if (!routines.has(routine)) {
      routines.add(routine);
      const { settle } = routine;
      routine.settle = (outcome) => {
        routines.delete(routine);
        settle(outcome);
      };
    }
    schedule(routine);
  };
  return reducer;
}

function* operationOf(code: () => unknown): Operation<unknown> {
  const called = code();
  const result = isPromise(called) ? yield* settled(called) : called;
  return isOperation(result) ? yield* result : result;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}

/** Arrays can be iterated over too, and are results. */
function isOperation(value: unknown): value is Operation<unknown> {
  return Object.prototype.toString.call(value) === '[object Generator]';
}

class ExecutionTask implements Running {
  readonly #task: Task<unknown>;
  readonly #routines: ReadonlySet<Coroutine>;
  #halted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(task: Task<unknown>, routines: ReadonlySet<Coroutine>, settlement: Settlement) {
    this.#task = task;
    this.#routines = routines;
    task.then(
      (value) => {
        clearTimeout(this.#timer);
        settlement.finished(value);
      },
      (error: unknown) => {
        clearTimeout(this.#timer);
        if (this.#halted && isHalt(error)) settlement.halted();
        else settlement.failed(error);
      },
    );
  }

  halt(grace?: number): void {
    if (!this.#halted) {
      this.#halted = true;
      // what a clean-up fails with is told by the task itself
      this.#task.halt().catch(() => {});
    }
    if (grace !== undefined) this.#timer ??= setTimeout(() => this.#force(), grace);
  }

  #force(): void {
    for (const routine of this.#routines) if (!routine.data.critical) routine.unwind();
    this.#timer = setTimeout(() => this.#force(), AGAIN);
  }
}

/** What effection rejects a task with that was halted. */
function isHalt(error: unknown): boolean {
  return error instanceof Error && error.message === 'halted';
}
