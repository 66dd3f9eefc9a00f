import type { Runner, RunnerContext, Running, Settlement } from '@execnet/core/plugin';
import { type Coroutine, createScope, type Operation, type Scope } from 'effection';
import { Reducer, ReducerContext } from 'effection/esm/lib/reducer.js';
import { settled } from '../settled.ts';
import { offerEffection } from './offer.ts';

/**
 * How often a task is unwound that was halted and whose grace is over, in milliseconds. Once may not be enough: a generator that yields in a
 * `finally` block inside a delegated one is resumed as if nothing had been halted, goes on to its next operation, and waits there
 * (thefrontside/effection#1190).
 */
const AGAIN = 100;

/** Each execution a task with a scope of its own. */
export function createRunner({ bind }: RunnerContext): Runner {
  offerEffection();
  return {
    run(code, settlement) {
      const routines = new Set<Coroutine>();
      const scope = createScope();
      scope.set(ReducerContext, reducerOf(routines, bind));
      return new ExecutionTask(scope, () => operationOf(code), { routines, settlement });
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
  readonly #task: ReturnType<Scope['run']>;
  readonly #routines: ReadonlySet<Coroutine>;
  #halted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    scope: ReturnType<typeof createScope>,
    operation: () => Operation<unknown>,
    { routines, settlement }: { routines: ReadonlySet<Coroutine>; settlement: Settlement },
  ) {
    this.#routines = routines;
    this.#task = scope.run(operation);
    const over = (tell: () => void): void => {
      clearTimeout(this.#timer);
      const [, destroy] = scope;
      destroy().then(tell, tell);
    };
    this.#task.then(
      (value) => over(() => settlement.finished(value)),
      (error: unknown) =>
        over(() => {
          if (this.#halted && isHalt(error)) settlement.halted();
          else settlement.failed(error);
        }),
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
