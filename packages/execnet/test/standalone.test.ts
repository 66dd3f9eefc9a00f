// Programs that are compiled into one file with the runtime that runs them: what they start must be that runtime, and not the program once more.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { Program, programFile } from './fixtures/programs.ts';
import { interpretersOfRun, test } from './fixtures/tests.ts';

const { main, others } = interpretersOfRun;
const known = [main, ...others];
const entry = programFile('standalone.mjs');

/** Compiles into `folder/app`, and runs that with `PATH`. */
async function answersOf(compile: (folder: string) => void, PATH: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'standalone-'));
  try {
    compile(folder);
    await using program = new Program(join(folder, 'app'), [], {
      cwd: folder,
      env: { ...process.env, PATH },
    });
    const { code, stdout, stderr } = await program.ended;
    assert.equal({ code, stderr }, { code: 0, stderr: '' });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const answer = (kind: string): unknown => Array(2).fill(['answered', kind, 'a script']);

const bun = known.find(({ kind }) => kind === 'bun');
if (bun)
  test('bun build --compile: the executable is Bun for what it starts', async () => {
    const answers = await answersOf(
      (folder) =>
        execFileSync(bun.path, ['build', '--compile', entry, '--outfile', join(folder, 'app')], {
          cwd: folder,
          stdio: 'ignore',
        }),
      // no Bun is there
      '/usr/bin:/bin',
    );
    assert.equal(answers, answer('bun'));
  });

const building = known.find(({ kind, version }) => kind === 'node' && Number.parseInt(version, 10) >= 26);
if (building)
  test('a single executable of Node takes the node on the PATH', async () => {
    const answers = await answersOf(
      (folder) => {
        buildSync({
          entryPoints: [entry],
          outfile: join(folder, 'app.cjs'),
          bundle: true,
          platform: 'node',
          format: 'cjs',
          logLevel: 'error',
        });
        const config = { main: 'app.cjs', output: 'app', disableExperimentalSEAWarning: true };
        writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
        execFileSync(building.path, ['--build-sea', 'sea.json'], { cwd: folder, stdio: 'ignore' });
      },
      [dirname(main.kind === 'node' ? main.path : building.path), process.env['PATH']].join(delimiter),
    );
    assert.equal(answers, answer('node'));
  });

test.run();
