import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

interface Traced {
  readonly stderr: string;
  /** What was written to the folder for temporary files, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly pid: number;
}

async function traced(level: string | undefined): Promise<Traced> {
  const folder = mkdtempSync(join(tmpdir(), 'execnet-trace-'));
  try {
    const { EXECNET_DEBUG, ...env } = process.env;
    await using program = startProgram('traced.mjs', [], {
      env: { ...env, TMPDIR: folder, ...(level === undefined ? {} : { EXECNET_DEBUG: level }) },
    });
    const { pid } = await program.said<{ pid: number }>();
    const { code, stderr } = await program.ended;
    assert.is(code, 0, stderr);
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
    return { stderr, files: Object.fromEntries(files), pid };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isTrace(text: string, pid: number): void {
  const lines = text.trimEnd().split('\n');
  for (const line of lines) assert.match(line, new RegExp(`^\\[${pid} \\d+\\.\\d+\\] \\S`));
  for (const told of [
    /spawn .*node|spawn .*bun|spawn .*deno/,
    /gw0 sent CHANNEL_EXEC channel 1 \d+ bytes/,
    /gw0 received CHANNEL_DATA channel 1 \d+ bytes/,
    /gw0 received CHANNEL_CLOSE channel 1 0 bytes/,
    /gw0 sent STATUS channel 3 0 bytes/,
    /gw0 sent GATEWAY_TERMINATE channel 0 \d+ bytes/,
    /gw0 ended/,
  ]) {
    assert.ok(
      lines.some((line) => told.test(line)),
      `${told} in\n${text}`,
    );
  }
  assert.not.match(text, 'not-for-the-trace');
}

test('EXECNET_DEBUG=2 traces to stderr what is sent and received', async () => {
  const { stderr, files, pid } = await traced('2');
  isTrace(stderr, pid);
  assert.equal(files, {});
});

test('EXECNET_DEBUG=1 traces to a file in the folder for temporary files', async () => {
  const { stderr, files, pid } = await traced('1');
  assert.is(stderr, '');
  assert.equal(Object.keys(files), [`execnet-debug-${pid}`]);
  isTrace(files[`execnet-debug-${pid}`] ?? '', pid);
});

for (const level of [undefined, '0', '', 'yes']) {
  test(`nothing is traced with EXECNET_DEBUG ${level === undefined ? 'unset' : `set to "${level}"`}`, async () => {
    const { stderr, files } = await traced(level);
    assert.is(stderr, '');
    assert.equal(files, {});
  });
}

test.run();
