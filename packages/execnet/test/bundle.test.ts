import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { remoteEnds, specOf } from './fixtures/interpreters.ts';
import { stillRunning } from './fixtures/processes.ts';
import { Program, programFile } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

const BUNDLES: readonly (readonly [title: string, options: BuildOptions])[] = [
  ['as it is', {}],
  ['minified', { minify: true }],
  ['minified, with names kept', { keepNames: true, minify: true }],
  ['as CommonJS', { format: 'cjs' }],
  ['with names kept, for an older target', { keepNames: true, minifyWhitespace: true, target: 'es2022' }],
];

for (const [title, options] of BUNDLES) {
  test(`a program that is bundled into one file works where nothing is installed: ${title}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    try {
      const file = join(folder, options.format === 'cjs' ? 'bundled.cjs' : 'bundled.mjs');
      buildSync({
        entryPoints: [programFile('bundled.mjs')],
        outfile: file,
        bundle: true,
        platform: 'node',
        format: 'esm',
        logLevel: 'error',
        ...options,
      });
      const { kind, path } = runningInterpreter();
      const ends = title === 'as it is' ? remoteEnds.map((one) => specOf(one)) : ['popen'];
      for (const spec of ends) {
        await using program = new Program(path, [...(kind === 'deno' ? ['run', '-A'] : []), file, spec], {
          cwd: folder,
        });
        const { pid, ...said } = await program.said<Record<string, unknown>>();
        const { code, stdout, stderr } = await program.ended;
        assert.equal({ code, stderr }, { code: 0, stderr: 'printed by remote code\n' });
        assert.is(stdout.trim().split('\n').length, 1);
        assert.equal(said, {
          product: 42,
          doubled: [0, 2, 4],
          refused: 'ERR_EXECNET_IMPURE_FUNCTION',
          failed: 'RangeError: remote',
          answer: 42,
        });
        // it ended by itself, and its remote end before it
        assert.equal(await stillRunning([pid as number], 500), []);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

// Node 20 knows `Symbol.asyncDispose` in its main context only, where the others run nothing
if (runningInterpreter().kind === 'node') {
  test('a program that is compiled for older engines works in a context of its own, as test runners make them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
    try {
      const file = join(folder, 'bundled.cjs');
      buildSync({
        entryPoints: [programFile('using.mjs')],
        outfile: file,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'es2022',
        logLevel: 'error',
      });
      await using program = new Program(process.execPath, [programFile('in-context.mjs'), file]);
      const { pids, ...said } = await program.said<{ pids: number[] }>();
      const { code, stderr } = await program.ended;
      assert.equal({ code, stderr }, { code: 0, stderr: '' });
      assert.equal(said, { up: 42, value: 'an item', open: true, kinds: [true, true, true, true, true] });
      assert.equal(await stillRunning(pids, 500), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
