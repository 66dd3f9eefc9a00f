import { Group } from 'execnet';
import { bareInterpreters } from '../bare.ts';
import { type Benchmark, EXECNET, specOf } from '../benchmark.ts';
import { interleave, milliseconds, samplesOf } from '../rounds.ts';
import { row } from '../row.ts';

/**
 * 50 gateways made with one `makeGateways`, until the last one is there; and all taken down. execnet makes one after the other, which is all that it
 * can. The floor starts as many bare interpreters at a time as `makeGateways` does, 16, until 50 have written a byte; those wait then, as remote ends do.
 */
export const gateways: Benchmark = {
  name: 'gateways',
  title: 'Many gateways made together',
  async run({ quick, interpreter, node, python }) {
    const count = quick ? 8 : 50;
    const downs: number[] = [];
    const taken = await interleave(
      {
        made: async () => {
          const group = new Group();
          const elapsed = await milliseconds(() => group.makeGateways(`${count}*${specOf(interpreter)}`));
          downs.push(await milliseconds(() => group.terminate()));
          return elapsed;
        },
        bare: () => bareInterpreters(node, count, 16),
        python: python && (() => python.ask('gateways', count)),
      },
      { rounds: quick ? 2 : 5, warmUp: quick ? 0 : 1 },
    );
    return [
      row({
        what: `${count} gateways`,
        unit: 'ms',
        samples: taken.made,
        against: [
          { name: `${count} bare nodes, 16 at a time`, samples: taken.bare },
          { name: `${EXECNET}, one after the other`, samples: taken.python, aim: { most: 0.6 } },
        ],
      }),
      row({ what: `terminate of ${count}`, unit: 'ms', samples: samplesOf(downs) }),
    ];
  },
};
