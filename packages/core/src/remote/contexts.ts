import type { AsyncLocalStorage } from 'node:async_hooks';
import { builtin, runtime } from './runtime.ts';

/**
 * From this version on Node follows contexts in V8 itself. Older ones do it by hooks on every promise, which cost a stream of awaited items a
 * third of its speed.
 */
const CHEAP_SINCE = 24;

/** Where it costs nothing to know which execution a piece of code belongs to. Deno's way to it takes 20 ms to load. */
export function cheapContexts(): boolean {
  return runtime === 'node' && Number.parseInt(process.versions.node, 10) >= CHEAP_SINCE;
}

/** Knows which execution the code that runs now belongs to, across timers, promises and events. */
export class Contexts<Execution> {
  readonly #storage: AsyncLocalStorage<Execution>;

  constructor() {
    this.#storage = new (builtin('node:async_hooks').AsyncLocalStorage)<Execution>();
  }

  /** The execution, which may be over; undefined where the interpreter has lost it, or where there is none. */
  get current(): Execution | undefined {
    return this.#storage.getStore();
  }

  run<T>(execution: Execution, code: () => T): T {
    return this.#storage.run(execution, code);
  }

  /** The function, to be called from anywhere, as a part of the execution that runs now. */
  bind<Args extends unknown[], T>(fn: (...args: Args) => T): (...args: Args) => T {
    const { current } = this;
    if (current === undefined) return fn;
    return (...args) => this.#storage.run(current, fn, ...args);
  }
}
