import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSync, type TransformOptions, transformSync } from 'esbuild';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { type Interpreter, interpreters } from '../../../tools/lib/interpreters.mjs';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { Program, programFile } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

const source = readFileSync(programFile('author.ts'), 'utf8').split('\n');

/** `author.ts:N` for the line that holds the mark. */
const lineOf = (mark: string): string => `author.ts:${source.findIndex((line) => line.includes(mark)) + 1}`;

/** What `author.ts` prints, whatever compiled it. */
const expected = {
  named: [8, ['inner', 'declared', 'Held', 'label', 'method', 'b']],
  streamed: 42,
  places: ['LINE A', 'LINE B', 'LINE C'].map(lineOf),
};

const nodes = interpreters().filter(({ kind }) => kind === 'node');
const major = ({ version }: Interpreter): number => Number.parseInt(version, 10);

/** Who runs TypeScript, and with which arguments. */
const compilers: readonly (readonly [
  title: string,
  runtime: Interpreter | undefined,
  args: readonly string[],
])[] = [
  ['Bun', interpreters().find(({ kind }) => kind === 'bun'), []],
  [
    'tsx on the oldest Node',
    nodes.filter((node) => major(node) >= 20).sort((a, b) => major(a) - major(b))[0],
    ['--import', 'tsx'],
  ],
  ['Node, which takes the types out', nodes.find((node) => major(node) >= 24), []],
  [
    'Deno',
    interpreters().find(({ kind }) => kind === 'deno'),
    ['run', '-A', '--no-lock', '--node-modules-dir=manual'],
  ],
];

for (const [title, runtime, args] of compilers) {
  if (runtime === undefined) continue;
  test(`functions compiled by ${title} run everywhere, and their errors name the author’s lines`, async () => {
    const specs = sharedEnds.map((end) => specOf(end));
    await using program = new Program(runtime.path, [...args, programFile('author.ts'), ...specs]);
    assert.equal(
      await program.said(),
      specs.map(() => expected),
    );
    assert.is((await program.ended).code, 0);
  });
}

const SOURCE = `
export const calls = {
  names: (gateway) => gateway.call(async (value: number) => {
    const arrow = (by: number): number => value + by;
    function declared() { return arrow.name; }
    class Held { static label = 'held'; own = 1; method() { return declared.name; } }
    return [arrow(1), declared(), Held.name, Held.label, new Held().method()];
  }, 1),
  method: (gateway) => gateway.call({ async shorthand(value: number) { const inner = () => value; return [inner.name, inner()]; } }.shorthand, 2),
  disposing: (gateway) => gateway.call(async () => {
    const log: string[] = [];
    {
      using first = { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { log.push('first'); } };
      await using second = { async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() { log.push('second'); } };
      log.push('body');
    }
    return log;
  }),
};
`;

for (const options of [
  { target: 'es2022', keepNames: true },
  { target: 'es2022', keepNames: true, minifyWhitespace: true, minifySyntax: true },
  { target: 'es2022', keepNames: true, minify: true },
  { target: 'es2022' },
] satisfies TransformOptions[]) {
  for (const end of sharedEnds) {
    end.test(`functions compiled by esbuild with ${JSON.stringify(options)} run`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'execnet-compiled-'));
      await using group = new Group();
      try {
        const file = join(folder, 'compiled.mjs');
        writeFileSync(file, transformSync(SOURCE, { loader: 'ts', format: 'esm', ...options }).code);
        const { calls } = (await import(pathToFileURL(file).href)) as {
          calls: Record<string, (gateway: Gateway) => unknown>;
        };
        const gateway = await group.makeGateway(specOf(end));
        assert.equal(await calls['names']?.(gateway), [2, 'arrow', 'Held', 'held', 'declared']);
        assert.equal(await calls['method']?.(gateway), ['inner', 2]);
        // minified, the helpers of `using` can't be told from the user's own
        if (!('minify' in options))
          assert.equal(await calls['disposing']?.(gateway), ['body', 'second', 'first']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
}

for (const minify of [true, false]) {
  test(`functions of a program in several files of a bundle run${minify ? ', minified' : ''}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'execnet-compiled-'));
    await using group = new Group();
    try {
      for (const name of ['one', 'other']) writeFileSync(join(folder, `${name}.ts`), SOURCE);
      buildSync({
        entryPoints: ['one', 'other'].map((name) => join(folder, `${name}.ts`)),
        outdir: join(folder, 'out'),
        outExtension: { '.js': '.mjs' },
        bundle: true,
        splitting: true,
        format: 'esm',
        target: 'es2022',
        keepNames: true,
        minify,
      });
      const { calls } = (await import(pathToFileURL(join(folder, 'out', 'one.mjs')).href)) as {
        calls: Record<string, (gateway: Gateway) => unknown>;
      };
      const gateway = await group.makeGateway();
      assert.equal(await calls['names']?.(gateway), [2, 'arrow', 'Held', 'held', 'declared']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('a function that looks like what names functions and is the user’s own is refused', async () => {
  const tag = (fn: () => number, name: string) => [name, fn];
  await using group = new Group();
  const gateway = await group.makeGateway();
  try {
    gateway.remoteExec(() => {
      tag(() => 1, 'name');
    });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'refers to "tag"');
  }
});

test.run();
