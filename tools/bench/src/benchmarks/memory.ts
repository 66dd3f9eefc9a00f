import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Channel, makeGateway } from 'execnet';
import { ended } from '../bare.ts';
import type { Baseline } from '../baseline.ts';
import { type Benchmark, EXECNET, type Setting, specOf } from '../benchmark.ts';
import { proportionalSize, residentSize } from '../process-memory.ts';
import { interleave, type Samples } from '../rounds.ts';
import { type Against, type Row, row } from '../row.ts';

type Sizes = (pid: number) => number | undefined;

const WAITS = "require('fs').writeSync(1,'x');require('fs').readSync(0,Buffer.alloc(1))";
const THREAD =
  "new(require('worker_threads').Worker)(\"require('worker_threads').parentPort.on('message',()=>{})\",{eval:true})" +
  ".once('online',()=>require('fs').writeSync(1,'x'))";

/**
 * Memory of a remote end that has run nothing, and of one whose code waits in `receiveSync`, for which there is a second thread; each against the
 * bare interpreter that waits, without and with a second thread. Each figure is that of a fresh process.
 */
export const memory: Benchmark = {
  name: 'memory',
  title: 'Memory of a remote end',
  async run(setting) {
    return [
      ...(await measure(setting, 'resident', residentSize)),
      ...(await measure(setting, 'proportional', proportionalSize)),
    ];
  },
};

async function measure(
  { quick, interpreter, node, python }: Setting,
  what: string,
  size: Sizes,
): Promise<Row[]> {
  if (size(process.pid) === undefined) return [];
  const sizeOf = (pid: number): number => {
    const bytes = size(pid);
    if (bytes === undefined) throw new Error(`the memory of process ${pid} can't be read`);
    return bytes;
  };
  const taken = await interleave(
    {
      idle: async () => {
        await using gateway = await makeGateway(specOf(interpreter));
        return sizeOf(gateway.peer.pid);
      },
      executing: async () => {
        await using gateway = await makeGateway(specOf(interpreter));
        const channel = gateway.remoteExec((channel: Channel<never, number>) => {
          channel.sendSync(1);
          channel.receiveSync();
        });
        await channel.receive();
        // answered by the receiver thread: it is there
        await gateway.remoteStatus();
        return sizeOf(gateway.peer.pid);
      },
      bare: () => ofBare(node, WAITS, sizeOf),
      thread: () => ofBare(node, THREAD, sizeOf),
      pythonIdle: python && (() => ofPython(python, 'idle_process', sizeOf)),
      pythonExecuting: python && (() => ofPython(python, 'executing_process', sizeOf)),
    },
    { rounds: quick ? 2 : 7, warmUp: 0 },
  );
  const against = (own: Samples | undefined): Against[] => [
    { name: 'bare node', samples: taken.bare },
    { name: 'bare node with one worker thread', samples: taken.thread },
    { name: EXECNET, samples: own },
  ];
  return [
    row({ what: `${what}, idle`, unit: 'bytes', samples: taken.idle, against: against(taken.pythonIdle) }),
    row({
      what: `${what}, executing`,
      unit: 'bytes',
      samples: taken.executing,
      against: against(taken.pythonExecuting),
    }),
  ];
}

async function ofBare(node: string, program: string, sizeOf: (pid: number) => number): Promise<number> {
  const child: ChildProcess = spawn(node, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    return sizeOf(child.pid as number);
  } finally {
    await ended(child);
  }
}

async function ofPython(python: Baseline, what: string, sizeOf: (pid: number) => number): Promise<number> {
  const pid = await python.ask(what);
  try {
    return sizeOf(pid);
  } finally {
    await python.ask('drop');
  }
}
