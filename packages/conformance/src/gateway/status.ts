import { realpathSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Channel, ConnectionLostError, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** What a gateway says of its remote end and of itself, and how it ends when it is asked to. */
export function statusSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'status', fixture);
  status(tests);
  info(tests);
  describing(tests);
  ending(tests);
  tests.run();
}

function status(tests: GatewayTests): void {
  tests.testWith({}, 'a remote end that has nothing to do says so', async (gateway) => {
    const { execmodel, ...counts } = await gateway.remoteStatus();
    assert.equal(counts, { numChannels: 0, numExecuting: 0, numQueued: 0 });
    assert.type(execmodel, 'string');
  });

  tests.testWith({}, 'status counts executions and channels', async (gateway) => {
    const { execmodel } = await gateway.remoteStatus();
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec(async (channel: Channel<string, string>, inner: Channel) => {
      await channel.send('running');
      await channel.receive();
      inner.close();
    }, inner);
    await channel.receive();
    assert.equal(await gateway.remoteStatus(), { numChannels: 2, numExecuting: 1, numQueued: 0, execmodel });
    void channel.send('end');
    await channel.waitClose();
    await inner.waitClose();
    assert.equal(await gateway.remoteStatus(), { numChannels: 0, numExecuting: 0, numQueued: 0, execmodel });
  });

  tests.testBeside('an execution is counted with its channel, from its begin to its end', async (gateway) => {
    for (let round = 0; round < 5; round++) {
      const channels = Array.from({ length: 3 }, () =>
        gateway.remoteExec(async (channel: Channel<number, number>) => {
          await channel.send(await channel.receive());
        }),
      );
      // threads that have only begun to start, others that work, and none at all
      const first = await gateway.remoteStatus();
      assert.equal([first.numExecuting + first.numQueued, first.numChannels], [3, first.numExecuting]);
      for (const channel of channels) {
        await channel.send(round);
        assert.is(await channel.receive(), round);
        const { numExecuting, numChannels } = await gateway.remoteStatus();
        assert.ok(numExecuting <= numChannels, `${numExecuting} executions, ${numChannels} channels`);
        await channel.waitClose();
      }
      const last = await gateway.remoteStatus();
      assert.equal([last.numExecuting, last.numChannels], [0, 0]);
    }
  });

  tests.testWith({}, 'status is told while code on the main thread spins', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, string>) => {
      channel.sendSync('spinning');
      for (;;);
    });
    assert.is(await channel.receive(), 'spinning');
    for (let round = 0; round < 5; round++) {
      const { numExecuting, numChannels } = await gateway.remoteStatus({ timeout: 10_000 });
      assert.equal([numExecuting, numChannels], [1, 1]);
    }
  });

  tests.test('status can be asked for many times at once', async (gateway) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.remoteStatus()));
    assert.is(answers.length, 50);
    assert.match(String(gateway), ' 0 active channels');
  });

  tests.testWith({}, 'asking takes a timeout and a signal', async (gateway) => {
    const reason = new Error('not that important');
    const signal = AbortSignal.abort(reason);
    assert.is(await failureOf(gateway.remoteStatus({ signal })), reason);
    assert.is(await failureOf(gateway.remoteInfo({ signal })), reason);
    assert.instance(await failureOf(gateway.remoteStatus({ timeout: -1 })), TypeError);
    assert.is((await gateway.remoteInfo({ timeout: 15_000 })).pid, gateway.peer.pid);
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
  });
}

function info(tests: GatewayTests): void {
  tests.test('info tells what the remote end runs on', async (gateway) => {
    const info = await gateway.remoteInfo();
    const seen = await gateway.call(() => ({
      pid: process.pid,
      platform: process.platform as string,
      arch: process.arch as string,
      executable: process.execPath,
      cwd: process.cwd(),
    }));
    const { runtime, version, ...rest } = info;
    assert.equal(rest, seen);
    assert.ok(['node', 'bun', 'deno'].includes(runtime), runtime);
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.is.not(info.pid, process.pid);
    const { protocol, ...peer } = gateway.peer as typeof gateway.peer & { protocol: unknown };
    assert.equal(peer, info);
    assert.type(protocol, 'number');
  });

  tests.testShared('info tells the working folder of now', async (gateway) => {
    const folder = realpathSync('/tmp');
    const before = (await gateway.remoteInfo()).cwd;
    await gateway.remoteExec('process.chdir(args)', folder).waitClose();
    assert.is((await gateway.remoteInfo()).cwd, folder);
    assert.is(gateway.peer.cwd, before);
    await gateway.remoteExec('process.chdir(args)', before).waitClose();
  });
}

function describing(tests: GatewayTests): void {
  tests.testWith(
    { id: 'described' },
    'a gateway shows its id, state, model and channels',
    async (gateway) => {
      const { execmodel } = await gateway.remoteStatus();
      const shown = (state: string, channels: number): string =>
        `<Gateway id='described' ${state}, ${execmodel} model, ${channels} active channels>`;
      assert.is(gateway.id, 'described');
      assert.is(String(gateway), shown('receive-live', 0));
      assert.is(inspect(gateway), shown('receive-live', 0));
      assert.is(inspect({ gateway }, { breakLength: 200 }), `{ gateway: ${shown('receive-live', 0)} }`);
      const channel = gateway.newChannel();
      assert.is(String(gateway), shown('receive-live', 1));
      channel.close();
      assert.is(String(gateway), shown('receive-live', 0));
      await gateway.terminate();
      assert.is(inspect(gateway), shown('not receiving', 0));
    },
  );

  tests.test('a gateway knows its spec and says where its remote end is', async (gateway) => {
    assert.ok(gateway.spec.size > 0);
    assert.ok(gateway.remoteAddress.length > 0);
    assert.is(gateway.hasReceiver, true);
  });

  tests.test(
    'strings can be reconfigured, for a gateway and for a channel, which changes nothing among JavaScript ends',
    async (gateway) => {
      gateway.reconfigure({ py2strAsPy3str: false, py3strAsPy2str: true });
      const inner = gateway.newChannel<string, string>();
      inner.reconfigure({ py3strAsPy2str: true });
      const done = gateway.call(async (inner: Channel<string, string>) => {
        await inner.send(await inner.receive());
      }, inner);
      void inner.send('ü and 漢');
      assert.is(await inner.receive(), 'ü and 漢');
      await done;
      inner.close();
      gateway.reconfigure({});
    },
  );
}

function ending(tests: GatewayTests): void {
  tests.testWith({}, 'exit lets the remote end go, and join waits for it', async (gateway) => {
    assert.instance(await failureOf(gateway.join({ timeout: 5 })), TimeoutError);
    const reason = new Error('no time');
    assert.is(await failureOf(gateway.join({ signal: AbortSignal.abort(reason) })), reason);
    const controller = new AbortController();
    const joining = gateway.join({ signal: controller.signal });
    controller.abort(reason);
    assert.is(await failureOf(joining), reason);
    assert.is(gateway.hasReceiver, true);
    gateway.exit();
    gateway.exit();
    await gateway.join({ timeout: 15_000 });
    await gateway.join();
    assert.is(gateway.hasReceiver, false);
  });

  tests.testWith({}, 'a gateway that has ended says so to whoever uses it', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => channel.receive());
    const receiving = failureOf(channel.receive());
    gateway.exit();
    await gateway.join();
    assert.instance(await receiving, Error);
    assert.is(channel.isClosed, true);
    for (const use of [
      () => gateway.remoteExec('1'),
      () => gateway.call(() => 1),
      () => gateway.newChannel(),
      () => gateway.remoteStatus(),
      () => gateway.remoteInfo(),
      () => gateway.reconfigure({}),
    ]) {
      const error = await failureOf(use);
      assert.instance(error, ConnectionLostError);
      assert.is(error.code, 'ERR_EXECNET_CONNECTION_LOST');
    }
    gateway.exit();
    await gateway.terminate();
    await gateway.terminate();
  });

  tests.testWith({}, 'a gateway can be disposed of', async (gateway) => {
    await gateway[Symbol.asyncDispose]();
    assert.is(gateway.hasReceiver, false);
  });
}
