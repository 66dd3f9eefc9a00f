import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Benchmark, specOf } from '../benchmark.ts';
import { samplesOf } from '../rounds.ts';
import { type Row, row } from '../row.ts';

const run = promisify(execFile);

const PROGRAM = fileURLToPath(new URL('../programs/stalled.mjs', import.meta.url));

const MEBIBYTE = 1024 * 1024;

/** The bound of both ends, however much is sent. */
const AIM = { most: 16 * MEBIBYTE };

/**
 * By how much the peak of resident memory of both ends rises while readers stall; `programs/stalled.mjs` says how that is measured. Of three gateways
 * the remote end that rises most counts. execnet has no bound here: its sender never waits.
 */
export const stalled: Benchmark = {
  name: 'stalled',
  title: 'Rise of the peak of memory (VmHWM) under stalled readers',
  async run({ quick, interpreter, node }) {
    const mebibytes = quick ? 20 : 200;
    const cases = {
      streams: `3 gateways stream ${mebibytes} MiB each, slowly read`,
      'channels-from': '1,000 channels, sent by the remote end, never read',
      'channels-to': '1,000 channels, sent by the local end, never read',
    };
    const rows: Row[] = [];
    for (const [name, what] of Object.entries(cases)) {
      const local: number[] = [];
      const remote: number[] = [];
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        const { stdout } = await run(node, [PROGRAM, name, specOf(interpreter), String(mebibytes)]);
        const rise = JSON.parse(stdout) as { local: number; remote: number };
        local.push(rise.local);
        remote.push(rise.remote);
      }
      rows.push(
        row({ what: `${what}: local end`, unit: 'bytes', samples: samplesOf(local), aim: AIM }),
        row({ what: `${what}: remote end`, unit: 'bytes', samples: samplesOf(remote), aim: AIM }),
      );
    }
    return rows;
  },
};
