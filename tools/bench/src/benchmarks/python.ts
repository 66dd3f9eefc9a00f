import { type Gateway, makeGateway } from 'execnet';
import type { Baseline } from '../baseline.ts';
import { type Benchmark, EXECNET } from '../benchmark.ts';
import { interleave, milliseconds, type Samples } from '../rounds.ts';
import { type Row, row } from '../row.ts';
import { rate } from '../transfer.ts';

/** Debian's, which `python3-execnet` is installed for. */
const PYTHON = '/usr/bin/python3';

const MEBIBYTE = 1024 * 1024;

/** Code of the remote ends: that of `execnet-baseline.py`. */
const ECHO = 'for item in channel: channel.send(item)';
const TAKE = 'for count in channel:\n  for i in range(count): channel.receive()\n  channel.send(0)';
const GIVE = 'for count in channel:\n  for i in range(count): channel.send(i)';
const GIVE_BLOCKS = `block = bytes(${MEBIBYTE})\nfor count in channel:\n  for i in range(count): channel.send(block)`;

/**
 * The same Python as remote end of ours, driven from here, and of execnet, driven by itself. Starts are those of `python=`, which send the program;
 * plain `popen` of execnet imports what is installed.
 */
export const python: Benchmark = {
  name: 'python',
  title: 'A remote end in Python',
  async run({ quick, python: baseline }) {
    const gateway = await makeGateway(`popen//python=${PYTHON}`);
    try {
      return [...(await starts(quick, baseline)), ...(await transfers(gateway, quick, baseline))];
    } finally {
      await gateway.terminate();
    }
  },
};

async function starts(quick: boolean, baseline: Baseline | undefined): Promise<Row[]> {
  const taken = await interleave(
    {
      ours: async () => {
        let made: Gateway | undefined;
        const elapsed = await milliseconds(async () => {
          made = await makeGateway(`popen//python=${PYTHON}`);
          await made.remoteExec('channel.send(1)').receive();
        });
        await made?.terminate();
        return elapsed;
      },
      sent: baseline && (() => baseline.ask('start_up', `popen//python=${PYTHON}`)),
      imported: baseline && (() => baseline.ask('start_up')),
    },
    { rounds: quick ? 3 : 15 },
  );
  return [
    row({
      what: 'makeGateway and a first result',
      unit: 'ms',
      samples: taken.ours,
      against: [
        { name: `${EXECNET}, python=`, samples: taken.sent },
        { name: `${EXECNET}, popen`, samples: taken.imported },
      ],
    }),
  ];
}

async function transfers(gateway: Gateway, quick: boolean, baseline: Baseline | undefined): Promise<Row[]> {
  const echo = gateway.remoteExec<number, number>(ECHO);
  const taker = gateway.remoteExec<number, number | Uint8Array>(TAKE);
  const giver = gateway.remoteExec<number, number>(GIVE);
  const blocks = gateway.remoteExec<Uint8Array, number>(GIVE_BLOCKS);
  const rounds = { rounds: quick ? 3 : 15, warmUp: 2 };
  const few = quick ? 200 : 2000;
  const many = quick ? 2000 : 20_000;
  const mebibytes = quick ? 20 : 100;
  const give = async (count: number): Promise<void> => {
    await giver.send(count);
    for (let i = 0; i < count; i++) await giver.receive();
  };
  const take = async (items: readonly (number | Uint8Array)[]): Promise<void> => {
    await taker.send(items.length);
    for (const item of items) await taker.send(item);
    await taker.receive();
  };
  const numbers = Array.from({ length: many }, (_, i) => i);
  const block = new Uint8Array(MEBIBYTE);
  const perSecond = async (count: number, work: () => Promise<void>): Promise<number> =>
    (count / (await milliseconds(work))) * 1000;
  const pair = async (
    ours: () => Promise<number>,
    theirs: string,
    count: number,
  ): Promise<{ ours: Samples | undefined; theirs: Samples | undefined }> =>
    await interleave({ ours, theirs: baseline && (() => baseline.ask(theirs, count)) }, rounds);
  const rowOf = (what: string, unit: Row['unit'], { ours, theirs }: Awaited<ReturnType<typeof pair>>): Row =>
    row({ what, unit, samples: ours, against: [{ name: EXECNET, samples: theirs }] });

  const trips = await pair(
    async () => {
      const elapsed = await milliseconds(async () => {
        for (let i = 0; i < few; i++) {
          await echo.send(i);
          await echo.receive();
        }
      });
      return elapsed / few;
    },
    'round_trip',
    few,
  );
  const executions = await pair(
    () =>
      perSecond(few, async () => {
        for (let i = 0; i < few; i++) await gateway.remoteExec('channel.send(1)').receive();
      }),
    'executions',
    few,
  );
  const out = await pair(() => perSecond(many, () => take(numbers)), 'numbers_out', many);
  const back = await pair(() => perSecond(many, () => give(many)), 'numbers_in', many);
  const blocksOut = await pair(
    () => rate(mebibytes, () => take(Array<Uint8Array>(mebibytes).fill(block))),
    'bulk_out',
    mebibytes,
  );
  const blocksBack = await pair(
    () =>
      rate(mebibytes, async () => {
        await blocks.send(mebibytes);
        for (let i = 0; i < mebibytes; i++) await blocks.receive();
      }),
    'bulk_in',
    mebibytes,
  );
  return [
    rowOf('round trip of a number', 'ms', trips),
    rowOf('remoteExec and receive', 'per second', executions),
    rowOf('numbers to the remote end', 'per second', out),
    rowOf('numbers from the remote end', 'per second', back),
    rowOf('1 MiB to the remote end', 'bytes per second', blocksOut),
    rowOf('1 MiB from the remote end', 'bytes per second', blocksBack),
  ];
}
