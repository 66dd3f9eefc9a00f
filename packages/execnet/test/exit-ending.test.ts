import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { stillRunning } from './fixtures/processes.ts';
import { startProgram } from './fixtures/programs.ts';
import { test } from './fixtures/tests.ts';

/** A program that ends by itself has ended its remote ends before. A kill that was sent is seen a moment later. */
const AT_ONCE = 500;

/** For the rest the promise is 2 s; this leaves room for a busy machine. */
const SOON = 4000;

for (const scenario of [
  'after a call',
  'with three gateways, one of which was never used',
  'with a group of its own',
  'with a group that installs no exit hook',
  'while remote code waits for ever',
  'while remote code spins',
  'awaiting receive',
  'awaiting receive with a timeout',
  'awaiting an iteration',
  'awaiting a call',
  'awaiting waitClose',
  'awaiting join',
  'awaiting exit and join',
  'awaiting remoteStatus',
  'awaiting a send that waits for room',
  'awaiting the send of a large binary',
  'awaiting terminate',
  'with a callback',
  'with a callback and an end marker',
  'with a stream that is read',
  'awaiting the last bytes of processes that have ended',
  'with bytes of a process that nobody reads',
]) {
  test(`a program ends when its work is done, and not before: ${scenario}`, async () => {
    await using program = startProgram('ending.mjs', [scenario]);
    const pids = await program.said<number[]>();
    const { code, signal, stdout, stderr } = await program.ended;
    // 99: it ended before its work was done
    assert.equal({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
    assert.is(stdout, `${JSON.stringify(pids)}\n`);
    assert.equal(await stillRunning(pids, AT_ONCE), []);
  });
}

test('a program that ends lets remote code clean up', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'exit-ending-'));
  try {
    const file = join(folder, 'marker');
    await using program = startProgram('ending.mjs', ['while remote code cleans up', file]);
    const pids = await program.said<number[]>();
    const { code, stderr } = await program.ended;
    assert.equal({ code, stderr }, { code: 0, stderr: '' });
    assert.is(readFileSync(file, 'utf8'), 'cleaned up');
    assert.equal(await stillRunning(pids, AT_ONCE), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a program that calls process.exit() leaves no remote end', async () => {
  await using program = startProgram('ending.mjs', ['by process.exit()']);
  const pids = await program.said<number[]>();
  const { code, stderr } = await program.ended;
  assert.equal({ code, stderr }, { code: 42, stderr: '' });
  assert.equal(await stillRunning(pids, AT_ONCE), []);
});

test('a program that fails leaves no remote end', async () => {
  await using program = startProgram('ending.mjs', ['by an uncaught error']);
  const pids = await program.said<number[]>();
  const { code, stderr } = await program.ended;
  assert.is(code, 1);
  assert.match(stderr, 'uncaught in the local program');
  // Deno runs no exit handler then: there the remote ends see the end of their connections
  assert.equal(await stillRunning(pids, SOON), []);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`a program that ${signal} ends leaves no remote end`, async () => {
    await using program = startProgram('ending.mjs', ['never']);
    const pids = await program.said<number[]>();
    program.child.kill(signal);
    assert.is((await program.ended).signal, signal);
    assert.equal(await stillRunning(pids, SOON), []);
  });
}

test.run();
