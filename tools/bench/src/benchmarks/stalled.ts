import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Benchmark, type Setting, specOf } from '../benchmark.ts';
import { type Samples, samplesOf } from '../rounds.ts';
import { type Row, row } from '../row.ts';

const run = promisify(execFile);

const PROGRAM = fileURLToPath(new URL('../programs/stalled.mjs', import.meta.url));

const MEBIBYTE = 1024 * 1024;

/** The bound of both ends, however much is sent. */
const AIM = { most: 16 * MEBIBYTE };

/** What the program tells. */
interface Ends {
  readonly local: number;
  readonly remote: number;
}

/**
 * By how much the peak of resident memory of both ends rises while readers stall; `programs/stalled.mjs` says how that is measured. Of three
 * gateways the remote end that rises most counts. Dropped buffers pile up until the collector runs, with or without a gateway: how much that is shows
 * in a process that only makes and drops buffers like those received. execnet has no bound here: its sender never waits.
 */
export const stalled: Benchmark = {
  name: 'stalled',
  title: 'Rise of the peak of memory (VmHWM) under stalled readers',
  async run(setting) {
    const mebibytes = setting.quick ? 20 : 200;
    const streams = await measure('streams', setting, mebibytes);
    const control = await measure('control', setting, mebibytes);
    const from = await measure('channels-from', setting, mebibytes);
    const to = await measure('channels-to', setting, mebibytes);
    const what = `3 gateways stream ${mebibytes} MiB each`;
    return [
      ...(streams.stalled ? ends(`${what}, stalled`, streams.stalled) : []),
      row({
        what: `${what}, then slowly read: local end`,
        unit: 'bytes',
        samples: streams.end.local,
        aim: AIM,
        against: [{ name: 'such buffers made and dropped, no gateway', samples: control.end.local }],
      }),
      row({
        what: `${what}, then slowly read: remote end`,
        unit: 'bytes',
        samples: streams.end.remote,
        aim: AIM,
      }),
      ...ends('1,000 channels, sent by the remote end, never read', from.end),
      ...ends('1,000 channels, sent by the local end, never read', to.end),
    ];
  },
};

interface Rises {
  readonly local: Samples;
  readonly remote: Samples;
}

/** A few runs, each in a fresh process. */
async function measure(
  name: string,
  { quick, interpreter, node }: Setting,
  mebibytes: number,
): Promise<{ end: Rises; stalled: Rises | undefined }> {
  const end: Ends[] = [];
  const atStall: Ends[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const { stdout } = await run(node, [PROGRAM, name, specOf(interpreter), String(mebibytes)]);
    const told = JSON.parse(stdout) as { end: Ends; stalled?: Ends };
    end.push(told.end);
    if (told.stalled) atStall.push(told.stalled);
  }
  return { end: risesOf(end), stalled: atStall.length > 0 ? risesOf(atStall) : undefined };
}

function risesOf(all: readonly Ends[]): Rises {
  return {
    local: samplesOf(all.map(({ local }) => local)),
    remote: samplesOf(all.map(({ remote }) => remote)),
  };
}

function ends(what: string, { local, remote }: Rises): Row[] {
  return [
    row({ what: `${what}: local end`, unit: 'bytes', samples: local, aim: AIM }),
    row({ what: `${what}: remote end`, unit: 'bytes', samples: remote, aim: AIM }),
  ];
}
