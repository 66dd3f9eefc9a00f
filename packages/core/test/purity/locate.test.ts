import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { callSiteFiles, locateFunction } from '../../src/purity/index.ts';
import { evaluate, prepare, stackElsewhere } from './evaluate.ts';
import { disposing, failing, line, short, twins } from './fixtures/typed.ts';

const typed = fileURLToPath(new URL('./fixtures/typed.ts', import.meta.url));
const isBun = 'Bun' in globalThis;

/** Writes a module, imports it, and takes it away again. */
async function withModule(
  text: string,
  use: (exports: Record<string, (...args: unknown[]) => unknown>, file: string) => void | Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'locate '));
  try {
    const file = join(folder, 'module.mjs');
    writeFileSync(file, text);
    await use(await import(pathToFileURL(file).href), file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const source = (fn: unknown): string => Function.prototype.toString.call(fn);

/** The file and line in a stack; Deno writes `, <anonymous>` behind the name of what was evaluated. */
const placed = (file: string, line: number): RegExp => new RegExp(`${file}(, <anonymous>)?:${line}:\\d+`);

/** What the runtime itself does with a plain module; some print every function anew. */
const isVerbatim = source((a: 1) => [a, 'x']).length > 0 && !isBun;

test('a function that stands in the file as it is has its line and column', () => {
  const folder = mkdtempSync(join(tmpdir(), 'locate-'));
  try {
    const file = join(folder, 'module.mjs');
    writeFileSync(
      file,
      '// first\n\nexport const fn = (a) => {\n  return a;\n};\nexport const one = (b) => b, two = (b) => b;\n',
    );
    for (const name of [file, pathToFileURL(file).href]) {
      assert.equal(locateFunction('(a) => {\n  return a;\n}', name), {
        file,
        line: 3,
        column: 19,
        marks: [],
      });
    }
    assert.is(locateFunction('(b) => b', file), undefined);
    assert.is(locateFunction('(c) => c', file), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file that is missing, or no file, gives nothing', () => {
  for (const name of [
    '/nowhere/at-all.mjs',
    'file:///nowhere.mjs',
    'node:internal/x',
    'evalmachine.<anonymous>',
    '',
    tmpdir(),
    'file://%',
  ]) {
    assert.is(locateFunction('() => 1', name), undefined, name);
  }
});

test('types that were blanked out do not hide a function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'locate-'));
  try {
    const file = join(folder, 'module.ts');
    writeFileSync(
      file,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a module
      '\nexport const fn = async (a: number, b?: string): Promise<string> => {\n  return `${a}${b as string}`;\n};\n',
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a function
    const stripped = 'async (a        , b         )                  => {\n  return `${a}${b          }`;\n}';
    assert.equal(locateFunction(stripped, file), { file, line: 2, column: 19, marks: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a function that a TypeScript loader rewrote is found by its source map', () => {
  const long = locateFunction(source(failing), typed);
  const brief = locateFunction(source(short), typed);
  if (isBun) return;
  assert.equal([long?.file, long?.line, long?.column], [typed, line.failing, 24]);
  assert.equal([brief?.file, brief?.line], [typed, line.short]);
});

test('a function of another file is not taken for a similar one', () => {
  for (const other of [
    (value: number): number => Math.abs(value) + 2,
    (other: number): number => Math.abs(other) + 1,
    (value: string): string => value,
    async (input: { depth: number }): Promise<never> => {
      const deeper = (depth: number): number => (depth === 0 ? 0 : deeper(depth - 1));
      throw new Error(`${deeper(input.depth)}`);
    },
  ]) {
    assert.is(locateFunction(source(other), typed), undefined, source(other));
  }
});

test('of two functions with the same text none is taken', () => {
  assert.is(locateFunction(source(twins[0]), typed), undefined);
});

test('a remote stack names the file and the line of the author', () => {
  const options = { callSites: () => [typed] };
  const { file, lineOffset } = prepare(failing, options);
  const stack = stackElsewhere(failing, { depth: 2 }, options);
  assert.match(stack, 'on purpose');
  // Bun puts constants in for variables, so that the text is another
  if (isBun) return assert.equal([file, lineOffset], [undefined, 0]);
  assert.is(file, typed);
  assert.is(lineOffset, line.failing - 1);
  assert.match(stack, placed(typed, line.failure));
});

test('compiled by the loader that runs this, "using" disposes at the far side as here', async () => {
  assert.equal(await disposing([]), ['object', 'object', 'two', 'one']);
  assert.equal(await evaluate(disposing)([]), ['object', 'object', 'two', 'one']);
});

test('a message about a function that stands in a file names the place in the file', async () => {
  await withModule('let count = 0;\n\nexport const fn = (a) => {\n  count += a;\n};\n', ({ fn }, file) => {
    if (!isVerbatim) return;
    try {
      prepare(fn, { callSites: () => [file] });
      assert.unreachable('it refers to count');
    } catch (error) {
      assert.match((error as Error).message, `function "fn" (${file}:3:19) can't be sent`);
    }
  });
});

test('a file with blanks in its name still names itself in stacks', async () => {
  await withModule('\n\nexport const fn = () => {\n  throw new Error("here");\n};\n', ({ fn }, file) => {
    const stack = stackElsewhere(fn, undefined, { callSites: () => [file] });
    if (isVerbatim) assert.match(stack, placed(pathToFileURL(file).href, 4));
  });
});

test('callSiteFiles() names the file of the caller and leaves the settings of errors alone', () => {
  const { prepareStackTrace, stackTraceLimit } = Error;
  // not in tail position: JavaScriptCore would drop the frame
  const publicFunction = (): [string | undefined] => [callSiteFiles(publicFunction)[0]];
  const [file] = publicFunction();
  assert.is(file?.replace('file://', ''), fileURLToPath(import.meta.url));
  assert.is(Error.prepareStackTrace, prepareStackTrace);
  assert.is(Error.stackTraceLimit, stackTraceLimit);
});

test.run();
