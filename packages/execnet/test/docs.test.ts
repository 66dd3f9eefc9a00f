import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import * as assert from 'uvu/assert';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { documents, type Example, examplesIn, matches, root } from './fixtures/examples.ts';
import { Program } from './fixtures/programs.ts';
import { overlapping, test } from './fixtures/tests.ts';

const running = runningInterpreter();
const examples = documents().flatMap((file) => examplesIn(file));

// inside the repository, where the names of its packages are found
mkdirSync(join(root, 'packages/execnet/.cache'), { recursive: true });
const folder = mkdtempSync(join(root, 'packages/execnet/.cache/examples-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const nameOf = ({ file, line }: Example): string => `${file}:${line}`;

const fileOf = ({ file, line, language }: Example): string =>
  join(folder, `${file.replaceAll('/', '-')}-${line}.${language === 'ts' ? 'ts' : 'mjs'}`);

for (const example of examples) {
  // on the lines where it stands in its document
  writeFileSync(fileOf(example), '\n'.repeat(example.line - 1) + example.text);
}
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: '../../../../tsconfig.test.json', include: ['*.ts'] }),
);

function argumentsFor(example: Example): string[] {
  const file = fileOf(example);
  if (running.kind === 'bun') return [file];
  if (running.kind === 'deno') return ['run', '-A', '--no-lock', '--node-modules-dir=manual', file];
  if (Number.parseInt(running.version, 10) >= 24 || example.language === 'js') return [file];
  // to load a compiler takes longer than most examples
  const compiled = `${file}.mjs`;
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    loader: 'ts',
    target: 'es2022',
    sourcefile: file,
    sourcemap: 'inline',
  });
  writeFileSync(compiled, code);
  return ['--enable-source-maps', compiled];
}

/** Each takes most of its time to start. */
const add = overlapping(availableParallelism())(test);

test('there are examples', () => {
  assert.ok(examples.length >= 10, `${examples.length} examples`);
  assert.ok(examples.some(({ file }) => file === 'README.md'));
});

for (const example of examples) {
  const { notRun, prints } = example;
  if (notRun !== undefined) continue;
  add(
    `the example ${nameOf(example)} runs${prints.length > 0 ? ', and prints what it says' : ''}`,
    async () => {
      const program = new Program(running.path, argumentsFor(example), { cwd: root });
      const { code, signal, stdout, stderr } = await program.ended;
      assert.is(signal ?? code, 0, `${stdout}${stderr}`);
      if (prints.length === 0) return;
      const printed = stdout.split('\n').slice(0, -1);
      const right =
        printed.length === prints.length && prints.every((line, i) => matches(printed[i] ?? '', line));
      assert.ok(right, `printed:\n${stdout}expected:\n${prints.join('\n')}\n${stderr}`);
    },
  );
}

// the types are the same on every runtime
if (running.kind === 'node') {
  test('the types of all examples are right', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { code, stdout, stderr } = await new Program(running.path, [tsc, '-p', folder], { cwd: folder })
      .ended;
    assert.is(code, 0, `${stdout}${stderr}`);
  });
}

test('a block that is not run says why', () => {
  const block = (info: string): string => `\n\`\`\`ts${info}\nconst a = 1;\n\`\`\`\n`;
  assert.equal(
    examplesIn('x.md', block('') + block(' no-run: it needs Docker')).map(({ line, notRun }) => [
      line,
      notRun,
    ]),
    [
      [3, undefined],
      [7, 'it needs Docker'],
    ],
  );
  assert.throws(() => examplesIn('x.md', block(' no-run')), /x\.md:2: expected/);
  assert.throws(() => examplesIn('x.md', block(' norun: because')), /x\.md:2: expected/);
});

test('printed lines are compared, with … for anything', () => {
  assert.ok(matches('a.b', 'a.b'));
  assert.not(matches('axb', 'a.b'));
  assert.ok(matches('hello, seen by 4711', 'hello, seen by …'));
  assert.not(matches('hello', 'hell'));
});

test.run();
