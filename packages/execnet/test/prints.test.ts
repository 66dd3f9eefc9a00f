import type { Readable } from 'node:stream';
import { type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { startPrintingTo, startProgram } from './fixtures/programs.ts';
import { pythonSpec, sharedPythons } from './fixtures/pythons.ts';
import { onBothClients, specOn } from './fixtures/ssh-clients.ts';
import { test } from './fixtures/tests.ts';

/** Prints one line in each way, with the name of the thread. `args` is that name. */
const PRINT = `
  const { spawnSync } = require('node:child_process');
  const { writeSync } = require('node:fs');
  console.log(args, 'console.log', 1);
  console.info('%s %s', args, 'console.info');
  process.stdout.write(args + ' process.stdout\\n');
  process.stdout.write(new TextEncoder().encode(args + ' bytes\\n'));
  spawnSync('echo', [args + ' a child'], { stdio: 'inherit' });
  console.error(args, 'console.error');
  console.warn(args, 'console.warn');
  process.stderr.write(args + ' process.stderr\\n');
  spawnSync('sh', ['-c', 'echo ' + args + ' the stderr of a child >&2'], { stdio: 'inherit' });
`;

const onStdout = (thread: string): string[] =>
  ['console.log 1', 'console.info', 'process.stdout', 'bytes', 'a child'].map((way) => `${thread} ${way}`);

const onStderr = (thread: string): string[] =>
  ['console.error', 'console.warn', 'process.stderr', 'the stderr of a child'].map(
    (way) => `${thread} ${way}`,
  );

/** All that a stream gives until its end. */
async function textOf(stream: Readable | undefined): Promise<string> {
  let text = '';
  for await (const chunk of (stream as Readable).setEncoding('utf8')) text += chunk as string;
  return text;
}

/** What the gateway prints until it has ended. */
function printsOf(gateway: Gateway): Promise<[stdout: string, stderr: string]> {
  return Promise.all([textOf(gateway.stdout), textOf(gateway.stderr)]);
}

/** Runs the program whose gateways print with their ids, by a spec, and that of a gateway on the way. */
async function assertPrefixed(...specs: readonly string[]): Promise<void> {
  await using program = startProgram('prefixed.mjs', specs);
  const { code, stdout, stderr } = await program.ended;
  assert.is(code, 0, stderr);
  assert.is(stdout, '');
  const lines = ['one line', 'two', 'lines', 'an error, without an end'];
  const expected = ['first', 'gw é'].flatMap((id) => lines.map((line) => `[${id}] ${line}`));
  // stdout and stderr come side by side
  assert.equal(stderr.trimEnd().split('\n').sort(), expected.sort());
}

for (const interpreter of ownRemoteEnds) {
  interpreter.test('with stdio=ignore prints are dropped', async () => {
    const code = `${PRINT} channel.sendSync('printed')`;
    await using program = startProgram('printing.mjs', [specOf(interpreter, 'stdio=ignore'), code]);
    const { code: exit, stdout, stderr } = await program.ended;
    assert.equal({ exit, stdout, stderr }, { exit: 0, stdout: '', stderr: '' });
  });

  interpreter.test('prints go to the local stderr, also while the main thread spins', async () => {
    const code = `${PRINT} channel.sendSync('printed'); for (;;);`;
    await using program = startProgram('printing.mjs', [specOf(interpreter), code]);
    const { code: exit, stdout, stderr } = await program.ended;
    assert.equal({ exit, stdout }, { exit: 0, stdout: '' });
    const lines = stderr.split('\n');
    for (const thread of ['main', 'pool']) {
      for (const line of [...onStdout(thread), ...onStderr(thread)]) assert.ok(lines.includes(line), line);
    }
    assert.is(lines.length, 2 * (onStdout('').length + onStderr('').length) + 1, stderr);
  });

  interpreter.test('with stdio=prefix each line says which gateway has printed it', () =>
    assertPrefixed(specOf(interpreter)),
  );

  interpreter.test('with stdio=pipe prints are streams of the gateway, in order', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
    const prints = printsOf(gateway);
    const onMainThread = gateway.remoteExec(`${PRINT} channel.sendSync('printed'); for (;;);`, 'main');
    assert.is(await onMainThread.receive(), 'printed');
    const onPoolThread = gateway.remoteExec(`${PRINT} channel.sendSync('printed')`, 'pool');
    assert.is(await onPoolThread.receive(), 'printed');
    await gateway.terminate({ timeout: 0 });
    const [stdout, stderr] = await prints;
    assert.equal(stdout.split('\n'), [...onStdout('main'), ...onStdout('pool'), '']);
    assert.equal(stderr.split('\n'), [...onStderr('main'), ...onStderr('pool'), '']);
  });

  interpreter.test('an end that has closed its streams costs nothing here', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    try {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
      void printsOf(gateway);
      await gateway.call(() => {
        const { closeSync, openSync } = require('node:fs') as typeof import('node:fs');
        for (const fd of [1, 2]) {
          closeSync(fd);
          // Node checks at its end that they are open
          openSync('/dev/null', 'w');
        }
      });
      // until that is noticed here
      await new Promise((resolve) => setTimeout(resolve, 100));
      for (let n = 0; n < 30; n++) assert.is(await gateway.call(() => 1), 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(warnings, []);
    } finally {
      process.off('warning', note);
    }
  });

  interpreter.test('a failure that nobody is told is printed with all that it has', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
    const prints = printsOf(gateway);
    for (const thrown of [
      "{ why: 'an object' }",
      "new Error('outer', { cause: new RangeError('the cause') })",
    ]) {
      const text = `channel.close(); await new Promise((done) => setTimeout(done, 20)); throw ${thrown};`;
      await gateway.remoteExec(text).waitClose();
    }
    const several = `new AggregateError([new TypeError('one of them')], 'several')`;
    const last = gateway.remoteExec(
      `setTimeout(() => { throw Object.assign(${several}, { why: 'uncaught' }) }); await new Promise(() => {});`,
    );
    await last.waitClose().catch(() => {});
    // reading what it prints does not keep a program alive
    await gateway.call(() => new Promise(() => {})).catch(() => {});
    const [, stderr] = await prints;
    for (const said of [
      'an object',
      'outer',
      'RangeError: the cause',
      'several',
      'TypeError: one of them',
      '"why":"uncaught"',
    ])
      assert.match(stderr, said);
  });

  interpreter.test('a megabyte of prints arrives whole and disturbs nothing', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
    const prints = printsOf(gateway);
    const LINES = 5000;
    const code = `
      for (let n = 0; n < args.lines; n++) {
        console.log(args.thread, n, 'x'.repeat(90));
        if (n % 10 === 0) channel.send(n);
      }`;
    const channels = ['main', 'pool'].map((name) => gateway.remoteExec(code, { thread: name, lines: LINES }));
    await Promise.all(
      channels.map(async (channel) => {
        for (let n = 0; n < LINES; n += 10) assert.is(await channel.receive(), n);
        await channel.waitClose();
      }),
    );
    await gateway.terminate();
    const [stdout, stderr] = await prints;
    assert.is(stderr, '');
    const lines = stdout.trimEnd().split('\n');
    assert.is(lines.length, 2 * LINES);
    for (const name of ['main', 'pool']) {
      const own = lines.filter((line) => line.startsWith(name));
      assert.is(own.length, LINES);
      for (let n = 0; n < LINES; n++) assert.is(own[n], `${name} ${n} ${'x'.repeat(90)}`);
    }
  });

  for (const thread of ['main', 'pool']) {
    interpreter.test(`what is printed right before process.exit() arrives, ${thread} thread`, async () => {
      await using group = new Group();
      const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
      const prints = printsOf(gateway);
      const busy = thread === 'pool' ? gateway.remoteExec('await channel.receive()') : undefined;
      gateway.remoteExec(`
        console.log('x'.repeat(300_000));
        console.error('last words');
        process.exit(3)`);
      await gateway.join();
      const [stdout, stderr] = await prints;
      assert.is(stdout, `${'x'.repeat(300_000)}\n`);
      assert.is(stderr, 'last words\n');
      assert.not(busy !== undefined && !busy.isClosed);
    });
  }

  interpreter.test('an uncaught error is printed with its stack', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=pipe'));
    const prints = printsOf(gateway);
    gateway.remoteExec(function thrower() {
      setTimeout(function later() {
        throw new RangeError('nobody catches this');
      }, 1);
      return new Promise(() => {});
    });
    await gateway.join();
    const [stdout, stderr] = await prints;
    assert.is(stdout, '');
    assert.match(stderr, 'nobody catches this');
    assert.match(stderr, 'later');
  });

  interpreter.test('stdin of remote code is at its end', async () => {
    await using group = new Group();
    const gateway = await group.makeGateway(specOf(interpreter, 'stdio=ignore'));
    const read = await gateway.call(() => {
      const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
      const child = spawnSync('cat', [], { stdio: ['inherit', 'pipe', 'inherit'] });
      return [child.status, String(child.stdout)];
    });
    assert.equal(read, [0, '']);
  });
}

for (const python of sharedPythons)
  python.test('with stdio=prefix each line says which gateway has printed it', async () => {
    await assertPrefixed(pythonSpec(python));
    await assertPrefixed(pythonSpec(python, 'via=middle'), 'popen');
  });

onBothClients('stdio=prefix over ssh', async (client) => {
  await using host = await startSshd();
  const there = specOn(host, client).replace('//stdio=ignore', '');
  await assertPrefixed(there);
  await assertPrefixed(specOf(runningInterpreter(), 'via=middle'), there);
});

for (const [what, target] of [
  ['on a full disk', '/dev/full'],
  ['a pipe that nobody reads any more', ' >(:)'],
  ['closed', '&-'],
] as const)
  test(`a program whose stderr is ${what} goes on without the prints`, async () => {
    const own = specOf(runningInterpreter());
    await using program = startPrintingTo(target, 'unwritable.mjs', [own, `${own}//stdio=prefix`]);
    const { code, stdout } = await program.ended;
    assert.equal({ code, stdout }, { code: 0, stdout: 'to the end' });
  });

test.run();
