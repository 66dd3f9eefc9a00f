import { makeGateway } from 'execnet';
import { firstByte } from '../bare.ts';
import { type Benchmark, EXECNET, type Interpreter, type Setting, specOf } from '../benchmark.ts';
import { interleave } from '../rounds.ts';
import { type Row, row } from '../row.ts';

/**
 * From `makeGateway` to the result of a first `call`, against the same interpreter started bare, from `spawn` to the first byte on its stdout:
 * written directly, which loads nothing further, and by `console.log`, which is what a user would type. Taking the gateway down is not
 * counted. execnet: `makegateway` to the result of a first `remote_exec`, on CPython.
 */
export const startUp: Benchmark = {
  name: 'start-up',
  title: 'Start-up: spawn to first result',
  async run(setting) {
    const rows: Row[] = [];
    for (const interpreter of setting.interpreters) rows.push(...(await measure(interpreter, setting)));
    return rows;
  },
};

/** The arguments with which each kind of interpreter writes one byte, the shortest way and the usual one. */
const BARE: Record<Interpreter['kind'], { direct: string[]; log: string[] }> = {
  node: { direct: ['-e', "require('fs').writeSync(1,'x')"], log: ['-e', "console.log('x')"] },
  bun: { direct: ['-e', "require('fs').writeSync(1,'x')"], log: ['-e', "console.log('x')"] },
  deno: {
    direct: ['eval', '--no-config', '--no-lock', 'Deno.stdout.writeSync(new Uint8Array(1))'],
    log: ['eval', '--no-config', '--no-lock', "console.log('x')"],
  },
};

async function measure(interpreter: Interpreter, { quick, python }: Setting): Promise<Row[]> {
  const { direct, log } = BARE[interpreter.kind];
  const taken = await interleave(
    {
      gateway: async () => {
        const begin = performance.now();
        const gateway = await makeGateway(specOf(interpreter));
        await gateway.call(() => 1);
        const elapsed = performance.now() - begin;
        await gateway.terminate();
        return elapsed;
      },
      direct: () => firstByte(interpreter.path, direct),
      log: () => firstByte(interpreter.path, log),
      python: python && (() => python.ask('start_up')),
    },
    { rounds: quick ? 3 : 15 },
  );
  const bun = interpreter.kind === 'bun';
  return [
    row({
      what: `${interpreter.name}: makeGateway and call`,
      unit: 'ms',
      samples: taken.gateway,
      against: [
        {
          name: `${interpreter.name}, writeSync`,
          samples: taken.direct,
          ...(bun ? {} : { aim: { most: 1.25 } }),
        },
        { name: `${interpreter.name}, console.log`, samples: taken.log },
        { name: EXECNET, samples: taken.python, ...(bun ? { aim: { most: 1 } } : {}) },
      ],
    }),
  ];
}
