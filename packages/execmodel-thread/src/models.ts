import type { ExecModel } from '@execnet/core/plugin';
import { MAIN_THREAD_ONLY, THREAD } from './generated/programs.ts';

/**
 * `execmodel=thread`, the default: the first execution in the main thread, so that code which must own it works; those that start while it is
 * busy in other threads, `threads=` of them at most, the main thread counted, and more wait for one. Executions one after the other
 * always get the main thread, and see its globals.
 */
export function thread(): ExecModel {
  return {
    kind: 'execmodel',
    name: 'thread',
    family: 'javascript',
    startsOn: 'main',
    remote: async () => THREAD,
  };
}

/** `execmodel=main_thread_only`: one execution at a time, in the main thread; a second one while it is busy is refused. */
export function mainThreadOnly(): ExecModel {
  return {
    kind: 'execmodel',
    name: 'main_thread_only',
    family: 'javascript',
    startsOn: 'main',
    remote: async () => MAIN_THREAD_ONLY,
  };
}
