import type { ExecModel } from '@execnet/core/plugin';
import { EXECUTOR, RUNNER } from './generated/programs.ts';

/**
 * `execmodel=structured`: executions are tasks of effection, all of them in the main thread, where they take turns.
 *
 * Remote code is a generator function that yields operations, or an async or plain function. Closing the local channel, or aborting the signal,
 * halts its task with everything that the task has started; what is to be cleaned up is cleaned up first, for a second at most. Code that
 * blocks, blocks all of them: there `execmodel=thread` is better.
 */
export function structured(): ExecModel {
  return {
    kind: 'execmodel',
    name: 'structured',
    family: 'javascript',
    startsOn: 'main',
    remote: async () => EXECUTOR,
    runner: async () => RUNNER,
  };
}
