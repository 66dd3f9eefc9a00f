// What a user has not foreseen: the working folder of an end is removed, as tests in temporary folders do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { startSshd } from '../../../tools/hosts/sshd.mjs';
import { runningInterpreter } from '../../../tools/lib/interpreters.mjs';
import { failureOf } from './fixtures/failure.ts';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { startProgram } from './fixtures/programs.ts';
import { middlePythons, modelsOf, oneOfEach, pythonSpec, usualPython } from './fixtures/pythons.ts';
import { onBothClients, specOn, specOf as sshSpecOf } from './fixtures/ssh-clients.ts';
import { test } from './fixtures/tests.ts';

/** A gateway whose working folder is gone. */
async function lost(group: Group, spec: string): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gone-'));
  const gateway = await group.makeGateway(`${spec}//chdir=${folder}`);
  rmSync(folder, { recursive: true });
  return gateway;
}

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of MODELS)
    interpreter.test(`${execmodel}: a remote end without a working folder goes on`, async () => {
      await using group = new Group();
      const gateway = await lost(group, specOf(interpreter, `execmodel=${execmodel}`));
      assert.is((await gateway.remoteInfo()).cwd, '');
      const call = (n: number): Promise<number> => gateway.call(async (n: number) => n * 2, n);
      if (execmodel === 'worker' && interpreter.kind === 'deno')
        assert.match((await failureOf(call(1))).message, /the working folder is gone: process\.chdir/);
      else assert.is(await call(1), 2);
      assert.is((await gateway.remoteStatus()).numExecuting, 0);
      if (execmodel === 'main_thread_only' || execmodel === 'worker') return;
      assert.is(await gateway.call(() => require('node:path').sep as string), '/');
      if (interpreter.kind === 'deno' && execmodel === 'thread') return;
      assert.equal(await Promise.all([1, 2, 3].map(call)), [2, 4, 6]);
    });
}

/** A gateway with a working folder of its own. */
function inOwnFolder(group: Group, spec: string): Promise<Gateway> {
  return group.makeGateway(`${spec}//chdir=${mkdtempSync(join(tmpdir(), 'gone-'))}`);
}

const adds = (n: number): number => n + 1;

for (const interpreter of ownRemoteEnds)
  for (const execmodel of MODELS) {
    const spec = specOf(interpreter, `execmodel=${execmodel}`);
    const startsNone = interpreter.kind === 'deno' && (execmodel === 'worker' || execmodel === 'thread');

    /** It works, or says why no thread can be started. */
    async function assertServes(call: Promise<number>): Promise<void> {
      const answer = await call.catch((error: Error) => error.message);
      if (startsNone && answer !== 42)
        assert.match(answer as string, /the working folder is gone: process\.chdir/);
      else assert.is(answer, 42);
    }

    interpreter.test(`${execmodel}: what runs first removes the working folder`, async () => {
      await using group = new Group();
      const blocked = (channel: Channel<number, number>): void => {
        require('node:fs').rmSync(process.cwd(), { recursive: true });
        channel.sendSync(channel.receiveSync() + 1);
      };
      const free = async (channel: Channel<number, number>): Promise<void> => {
        require('node:fs').rmSync(process.cwd(), { recursive: true });
        await channel.send((await channel.receive()) + 1);
      };
      // a lease has the receiver started earlier
      for (const own of [spec, `${spec}//keepalive=5`])
        for (const code of [blocked, free]) {
          const gateway = await inOwnFolder(group, own);
          await using channel = gateway.remoteExec(code);
          await channel.send(1);
          assert.is(await channel.receive(), 2);
          await channel.waitClose();
          await assertServes(gateway.call(adds, 41));
          assert.is((await gateway.remoteInfo()).cwd, '');
        }
    });

    interpreter.test(`${execmodel}: the working folder is removed while threads start`, async () => {
      await using group = new Group();
      const gateway = await inOwnFolder(group, spec);
      const channel = gateway.remoteExec<string, string>(async (channel) => {
        await channel.send('runs');
        await channel.receive();
        require('node:fs').rmSync(process.cwd(), { recursive: true });
        await channel.receive();
        await channel.send('ran');
      });
      assert.is(await channel.receive(), 'runs');
      await channel.send('remove');
      const calls = [41, 41, 41].map((n) => assertServes(gateway.call(adds, n)));
      await channel.send('end');
      await Promise.all(calls);
      assert.is(await channel.receive(), 'ran');
      await assertServes(gateway.call(adds, 41));
    });
  }

// a machine of Java remembers its folder
for (const python of oneOfEach)
  if (python.runtime !== 'jython')
    for (const execmodel of modelsOf(python))
      python.test(`${execmodel}: a remote end without a working folder goes on`, async () => {
        await using group = new Group();
        const gateway = await lost(group, pythonSpec(python, `execmodel=${execmodel}`));
        assert.is((await gateway.remoteInfo()).cwd, '');
        const calls = [-1, -2].map((n) => () => gateway.call<number>('abs', [n]));
        if (execmodel === 'main_thread_only') for (const call of calls) assert.ok((await call()) > 0);
        else assert.equal(await Promise.all(calls.map((call) => call())), [1, 2]);
      });

/** Through it another is made, and it starts programs. Deno says why it does not. */
async function serves(outer: Gateway, group: Group): Promise<void> {
  if (outer.peer.runtime === 'deno') {
    assert.match((await failureOf(outer.spawn('echo', []))).message, /the working folder is gone: process/);
    return;
  }
  const inner = await group.makeGateway(specOf(runningInterpreter(), `via=${outer.id}`));
  assert.is(await inner.call(() => 42), 42);
  await using echo = await outer.spawn('echo', ['works']);
  for await (const line of echo) assert.is(line, 'works');
  assert.is((await echo.exited).code, 0);
}

for (const [middle, spec] of [
  ...ownRemoteEnds.map((one) => [one, specOf(one)] as const),
  ...middlePythons.map((one) => [one, pythonSpec(one)] as const),
])
  middle.test('a remote end without a working folder starts others, and programs', async () => {
    await using group = new Group();
    await serves(await lost(group, spec), group);
  });

onBothClients('so do those behind a server', async (client) => {
  await using host = await startSshd();
  await using group = new Group();
  const gateway = await lost(group, specOn(host, client));
  assert.is((await gateway.remoteInfo()).cwd, '');
  await serves(gateway, group);
  if (usualPython === undefined) return;
  const python = await lost(group, `${sshSpecOf(host, client)}//python=${usualPython.path}`);
  assert.is(await python.call('abs', [-1]), 1);
  await serves(python, group);
});

/** The answers of gateways of these specs, as a program says them whose working folder is gone. */
async function saidOf(...specs: readonly string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'gone-'));
  await using program = startProgram('gone.mjs', specs, { cwd: folder });
  const said = await program.said();
  const { code, stderr } = await program.ended;
  assert.equal([code, stderr], [0, '']);
  return said;
}

for (const interpreter of ownRemoteEnds)
  interpreter.test('a program without a working folder makes gateways', async () => {
    const specs = ['thread', 'structured'].map((model) => specOf(interpreter, `execmodel=${model}`));
    // started there, it may have none
    const folder = 'chdir=/';
    assert.equal(await saidOf(...specs, ...specs.map((spec) => `${spec}//${folder}`)), [42, 42, 42, 42]);
  });

for (const python of oneOfEach)
  python.test('a program without a working folder makes gateways', async () => {
    // a machine of Java does not start without one
    const none = python.runtime === 'jython' ? 'ERR_EXECNET_NOT_AN_INTERPRETER' : 42;
    assert.equal(await saidOf(pythonSpec(python), pythonSpec(python, 'chdir=/')), [none, 42]);
  });

onBothClients('a program without a working folder makes gateways over ssh', async (client) => {
  await using host = await startSshd();
  assert.equal(await saidOf(specOn(host, client, 'id=there'), 'popen//via=there'), [42, 42]);
});

test('what is relative to a working folder that is gone is an error', async () => {
  assert.equal(await saidOf('popen//chdir=below'), ['ERR_EXECNET_CHDIR']);
});

test.run();
