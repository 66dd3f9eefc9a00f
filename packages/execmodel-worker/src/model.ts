import { type ExecModel, type Spec, SpecError, type ThreadLimits } from '@execnet/core/plugin';
import { WORKER } from './generated/programs.ts';
import type { WorkerOptions } from './worker-options.ts';

/** Spec fields, in MiB. */
const LIMITS = ['heap', 'stack'] as const;

/**
 * `execmodel=worker`: every execution in a fresh thread with globals of its own, which ends with it and with the channels that it leaves open, `threads=` of them
 * at a time.
 *
 * Closing the local channel, or aborting the signal, ends the thread after a second of grace, even in `while (true)`; the gateway goes on. `heap=` and
 * `stack=` limit the memory of each thread, in MiB: an execution that needs more fails, and nothing else. Deno can't stop a thread that spins, and
 * Bun and Deno know no limits: there `heap=` and `stack=` are an `ERR_EXECNET_UNSUPPORTED`.
 */
export function worker(): ExecModel {
  return {
    kind: 'execmodel',
    name: 'worker',
    options: LIMITS,
    family: 'javascript',
    startsOn: 'thread',
    async remote({ spec, supports, interpreter }) {
      const limits = limitsOf(spec);
      if (limits && !supports.threadMemoryLimit) {
        throw new SpecError(
          'ERR_EXECNET_UNSUPPORTED',
          `${JSON.stringify(spec.redacted())}: threads of ${interpreter} have no memory limits; leave ${Object.keys(limits).join(' and ')} out`,
        );
      }
      const options: WorkerOptions = { killThread: supports.killThread, interpreter, limits };
      return `const OPTIONS=${JSON.stringify(options)};${WORKER}`;
    },
  };
}

function limitsOf(spec: Spec): ThreadLimits | undefined {
  const limits: { heap?: number; stack?: number } = {};
  for (const name of LIMITS) {
    const value = spec.get(name);
    if (value === undefined) continue;
    if (value === true || !/^[1-9]\d{0,5}$/.test(value))
      throw new SpecError(
        'ERR_EXECNET_SPEC',
        `${JSON.stringify(spec.redacted())}: ${name}= expects a number of MiB from 1 to 999999`,
      );
    limits[name] = Number(value);
  }
  return Object.keys(limits).length > 0 ? limits : undefined;
}
