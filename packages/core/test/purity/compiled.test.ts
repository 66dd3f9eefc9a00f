import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync, type TransformOptions, transformSync } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluate } from './evaluate.ts';

/** The exports of a module that esbuild compiled. */
async function compiled(
  text: string,
  options: TransformOptions,
): Promise<Record<string, (...args: unknown[]) => unknown>> {
  const { code } = transformSync(text, { loader: 'ts', format: 'esm', ...options });
  return load(code);
}

async function load(code: string): Promise<Record<string, (...args: unknown[]) => unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  try {
    const file = join(folder, 'module.mjs');
    writeFileSync(file, code);
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SOURCE = `
export const names = async (value: number) => {
  const arrow = (by: number): number => value + by;
  function declared() { return arrow.name; }
  class Held { static label = 'held'; own = 1; method() { return declared.name; } }
  return [arrow(1), declared(), Held.name, new Held().method(), (await import('node:path')).basename('/a/b')];
};
export const object = { async shorthand(value: number) { const inner = () => value; return [inner.name, inner()]; } };
export const disposing = async (log: string[]) => {
  try {
    using first = { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() { log.push('first'); throw new Error('first'); } };
    await using second = { async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() { log.push('second'); throw new Error('second'); } };
    await using nothing = null;
    throw new Error('body');
  } catch (error: any) {
    log.push(error.error.message, error.suppressed.error.message, error.suppressed.suppressed.message);
  }
  return log;
};
export const bad = () => { using wrong = {} as any; };
`;

for (const options of [
  { keepNames: true, target: 'es2022' },
  { keepNames: true, target: 'es2022', minifyWhitespace: true, minifySyntax: true },
  { target: 'es2022' },
] as const) {
  test(`functions compiled by esbuild with ${JSON.stringify(options)} run as they are sent`, async () => {
    const { names, object, disposing, bad } = (await compiled(SOURCE, options)) as unknown as {
      names: unknown;
      object: { shorthand: unknown };
      disposing: unknown;
      bad: unknown;
    };
    assert.equal(await evaluate(names)(1), [2, 'arrow', 'Held', 'declared', 'b']);
    assert.equal(await evaluate(object.shorthand)(3), ['inner', 3]);
    assert.equal(await evaluate(disposing)([]), ['second', 'first', 'first', 'second', 'body']);
    assert.throws(evaluate(bad), TypeError);
  });
}

test('the check works in one bundled file', async () => {
  const entry = fileURLToPath(new URL('../../src/purity/index.ts', import.meta.url));
  const bundled = buildSync({
    stdin: {
      contents: `
        import { functionProgram, loadAnalyser, prepareFunction } from ${JSON.stringify(entry)};
        export async function run() {
          await loadAnalyser();
          const options = { interpreterGlobals: ['Math'] };
          const messages = [functionProgram(prepareFunction((a) => Math.abs(a), options))];
          try { prepareFunction(() => missing, options); } catch (error) { messages.push(error.code); }
          return messages;
        }`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
  });
  const { run } = (await load(bundled.outputFiles[0]?.text ?? '')) as { run: () => Promise<string[]> };
  const [program, code] = await run();
  assert.match(program ?? '', 'Math.abs(a)');
  assert.is(code, 'ERR_EXECNET_IMPURE_FUNCTION');
});

test.run();
