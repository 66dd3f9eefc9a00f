import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConnectionLostError, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { evaluate, type PythonFixture, PythonTests } from './python-tests.ts';

/** What a remote end in Python tells of itself, and what its spec says of it. Its machine has to be this one. */
export function pythonStatusSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'status', fixture);
  status(tests);
  info(tests, fixture);
  fields(tests, fixture);
  ended(tests);
  tests.run();
}

function status(tests: PythonTests): void {
  tests.test('status counts executions and the channels that are open there', async (gateway) => {
    const idle = await gateway.remoteStatus();
    const { execmodel, ...counts } = idle;
    assert.equal(counts, { numChannels: 0, numExecuting: 0, numQueued: 0 });
    assert.match(execmodel, /^(thread|main_thread_only|gevent|eventlet)$/);
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec("channel.send('runs'); channel.receive(); args.close()", inner);
    await channel.receive();
    assert.equal(await gateway.remoteStatus(), { ...idle, numChannels: 2, numExecuting: 1 });
    await channel.send('end');
    await channel.waitClose();
    await inner.waitClose();
    assert.equal(await gateway.remoteStatus(), idle);
  });

  tests.testBeside('an execution is counted with its channel, from its begin to its end', async (gateway) => {
    for (let round = 0; round < 5; round++) {
      const channels = Array.from({ length: 3 }, () => gateway.remoteExec('channel.send(channel.receive())'));
      for (const channel of channels) {
        // while threads start, and while they end
        const { numExecuting, numChannels } = await gateway.remoteStatus();
        assert.ok(numExecuting <= numChannels, `${numExecuting} executions, ${numChannels} channels`);
        await channel.send(round);
        assert.is(await channel.receive(), round);
        const after = await gateway.remoteStatus();
        assert.ok(after.numExecuting <= after.numChannels, JSON.stringify(after));
        await channel.waitClose();
      }
    }
  });

  tests.test('status can be asked for many times at once, with a timeout and a signal', async (gateway) => {
    assert.is((await Promise.all(Array.from({ length: 50 }, () => gateway.remoteStatus()))).length, 50);
    const reason = new Error('not that important');
    assert.is(await failureOf(gateway.remoteStatus({ signal: AbortSignal.abort(reason) })), reason);
    assert.is((await gateway.remoteStatus({ timeout: 15_000 })).numExecuting, 0);
    assert.match(String(gateway), ' 0 active channels');
  });

  tests.test('status is told while threads make channels, and close them', async (gateway) => {
    const channel = gateway.remoteExec<string, string>(`
      import threading, time
      over = []
      def make():
          while not over:
              channel.gateway.newchannel().close()
              # nothing holds it back, and what it says is to be written too
              time.sleep(0.0001)
      threads = [threading.Thread(target=make) for _ in range(2)]
      for thread in threads: thread.start()
      channel.send('begun')
      channel.receive()
      over.append(True)
      for thread in threads: thread.join()
    `);
    await channel.receive();
    for (let n = 0; n < 100; n++) assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await channel.send('end');
    await channel.waitClose();
  });

  tests.testWith({ id: 'größe' }, 'code knows the id of its gateway', async (gateway) => {
    assert.is(await gateway.remoteExec('channel.send(channel.gateway.id)').receive(), 'größe');
  });

  tests.testWith(
    { id: 'described' },
    'a gateway shows its id, state, model and channels',
    async (gateway) => {
      const { execmodel } = await gateway.remoteStatus();
      const shown = (state: string, channels: number): string =>
        `<Gateway id='described' ${state}, ${execmodel} model, ${channels} active channels>`;
      assert.is(inspect(gateway), shown('receive-live', 0));
      const channel = gateway.newChannel();
      assert.is(String(gateway), shown('receive-live', 1));
      channel.close();
      await gateway.terminate();
      assert.is(inspect(gateway), shown('not receiving', 0));
    },
  );
}

function info(tests: PythonTests, { runtime, version }: PythonFixture): void {
  tests.test('info tells what the remote end runs on', async (gateway) => {
    const told = await gateway.remoteInfo();
    assert.is(told.runtime, runtime);
    assert.ok(told.version.startsWith(`${version}.`), told.version);
    assert.equal([told.platform, told.arch], [process.platform, process.arch]);
    assert.is(told.executable, await evaluate(gateway, "u'' + (__import__('sys').executable or '')"));
    assert.is(told.cwd, await evaluate(gateway, "u'' + __import__('os').getcwd()"));
    if (!tests.jython) assert.is(told.pid, await evaluate(gateway, "__import__('os').getpid()"));
    assert.ok(told.pid > 1 && told.pid !== process.pid);
    const { protocol, ...peer } = gateway.peer as typeof gateway.peer & { protocol: unknown };
    assert.equal(peer, told);
    assert.is(protocol, 1);
  });

  tests.testOnC('info tells the working folder of now', async (gateway) => {
    const before = (await gateway.remoteInfo()).cwd;
    await gateway.call('os.chdir', ['/']);
    assert.is((await gateway.remoteInfo()).cwd, '/');
    assert.is(gateway.peer.cwd, before);
    await gateway.call('os.chdir', [before]);
  });
}

function fields(tests: PythonTests, { makeGateway }: PythonFixture): void {
  tests.test('the fields chdir, nice and env hold for the process from its start', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'execnet-python-')));
    const missing = join(folder, 'deep down', "a 'quoted' name");
    const secret = 'secret with spaces=and "quotes" and $HOME\nand a newline';
    const gateway = await makeGateway({
      chdir: missing,
      nice: 3,
      env: { EXECNET_TEST_SECRET: secret, EMPTY: '' },
    });
    try {
      const seen = await evaluate<unknown[]>(
        gateway,
        "[u'' + __import__('os').getcwd(), [u'' + __import__('os').environ[name] for name in args]]",
        ['EXECNET_TEST_SECRET', 'EMPTY'],
      );
      assert.equal(seen, [missing, [secret, '']]);
      assert.is(getPriority((await gateway.remoteInfo()).pid), Math.min(19, getPriority() + 3));
    } finally {
      await gateway.terminate();
      rmSync(folder, { recursive: true });
    }
  });
}

function ended(tests: PythonTests): void {
  tests.testWith({}, 'a gateway that has ended says so to whoever uses it', async (gateway) => {
    assert.instance(await failureOf(gateway.join({ timeout: 5 })), TimeoutError);
    const receiving = failureOf(gateway.remoteExec('channel.receive()').receive());
    gateway.exit();
    await gateway.join();
    assert.instance(await receiving, Error);
    for (const use of [
      () => gateway.remoteExec('1'),
      () => gateway.call('abs', [1]),
      () => gateway.newChannel(),
      () => gateway.remoteStatus(),
      () => gateway.remoteInfo(),
      () => gateway.reconfigure({}),
    ])
      assert.instance(await failureOf(use), ConnectionLostError);
    await gateway.terminate();
  });
}
