import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Benchmark, EXECNET } from '../benchmark.ts';
import { interleave } from '../rounds.ts';
import { row } from '../row.ts';

const run = promisify(execFile);

/** Milliseconds that the import takes inside a fresh process, its own start not counted. */
const program = (specifier: string): string =>
  `const begin = performance.now(); await import(${JSON.stringify(specifier)}); console.log(performance.now() - begin)`;

/** How long `import 'execnet'` takes at the local end, in a fresh process, the files being in the page cache; against execnet on CPython. */
export const importTime: Benchmark = {
  name: 'import',
  title: "Time of import 'execnet'",
  async run({ quick, node, python }) {
    const time = (specifier: string) => async (): Promise<number> => {
      const args = ['--input-type=module', '-e', program(specifier)];
      const { stdout } = await run(node, args, { cwd: import.meta.dirname });
      return Number(stdout);
    };
    const taken = await interleave(
      {
        execnet: time('execnet'),
        msgpackr: time('msgpackr'),
        python: python && (() => python.ask('import_time')),
      },
      { rounds: quick ? 3 : 15 },
    );
    return [
      row({
        what: "import 'execnet'",
        unit: 'ms',
        samples: taken.execnet,
        against: [
          { name: "import 'msgpackr', which it needs", samples: taken.msgpackr },
          { name: EXECNET, samples: taken.python },
        ],
      }),
    ];
  },
};
