import type { Transport } from '@execnet/core/plugin';

/** Starts the interpreter beside the program: on this machine, or on that of a `via=` gateway. */
export function popen(): Transport {
  return {
    kind: 'transport',
    field: 'popen',
    options: [],
    starts: 'command',
    supports: { halfClose: true, exitStatus: true, separateStdout: true },
    async connect(_spec, { host, command, signal, trace }) {
      if (!command) throw new TypeError('popen starts a command, and was given none');
      return await host.spawn(command, { signal, trace });
    },
  };
}
