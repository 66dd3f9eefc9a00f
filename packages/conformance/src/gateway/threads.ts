import type { Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import {
  failureOf,
  type GatewayFixture,
  GatewayTests,
  occupy,
  SPINS,
  stop,
  testGoingOn,
} from './gateway-tests.ts';
import { assertNothingSeen, seenOfStart } from './start.ts';

/** Where executions run under `execmodel=thread`. */
export function threadModelSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'execmodel=thread', fixture);
  places(tests);
  bounds(tests);
  testGoingOn(tests, SPINS);
  tests.run();
}

/** One execution at a time, on the main thread: `execmodel=main_thread_only`, which the fixture's gateways have. */
export function mainThreadOnlySuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'execmodel=main_thread_only', fixture);

  tests.test('executions one after the other run on the main thread', async (gateway) => {
    assert.is((await gateway.remoteStatus()).execmodel, 'main_thread_only');
    assert.match(String(gateway), 'main_thread_only model');
    for (let round = 0; round < 5; round++) assert.is(await gateway.call(isMain), true);
  });

  tests.test('an execution while another runs is refused in the words of execnet', async (gateway) => {
    const busy = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<never, string>) => channel.send('never sent'));
    const error = (await failureOf(channel.receive())) as RemoteError;
    assert.is(error.code, 'ERR_EXECNET_REMOTE');
    assert.is(error.message, 'concurrent remote_exec would cause deadlock');
    assert.match((await failureOf(gateway.call(() => 1))).message, 'would cause deadlock');
    // nor does what was sent to it look complete, or wait for ever
    const results = gateway.newChannel<number>();
    const items = gateway.newChannel<never, number>();
    void items.send(1);
    const args = { results, items };
    const refused = gateway.remoteExec(
      (_: Channel, args: { results: Channel<never, number>; items: Channel }) => args.results.send(1),
      args,
    );
    const ends = [refused.waitClose(), results.receive(), items.waitClose()];
    for (const error of await Promise.all(ends.map((end) => failureOf(end))))
      assert.match(error.message, 'would cause deadlock');
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await busy.end();
    assert.is(await gateway.call(() => 1), 1);
  });

  tests.test('an execution that begins while another ends waits for that', async (gateway) => {
    const order: Promise<unknown>[] = [];
    const first = gateway.remoteExec(async (channel: Channel<never, string>) => {
      channel.sendSync('last');
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    assert.is(await first.receive(), 'last');
    const given = gateway.remoteExec('await channel.send(2)');
    order.push(
      gateway.call(() => 1),
      given.receive(),
      gateway.call(() => 3),
    );
    const dropped = gateway.remoteExec('await channel.send("never")');
    dropped.cancel();
    assert.equal(await Promise.all(order), [1, 2, 3]);
    await stop(dropped);
  });

  testGoingOn(tests, SPINS);
  tests.run();
}

const isMain = async (): Promise<boolean> => (await import('node:worker_threads')).isMainThread;

function places(tests: GatewayTests): void {
  tests.testWith({}, 'the first execution runs on the main thread', async (gateway) => {
    assert.is((await gateway.remoteStatus()).execmodel, 'thread');
    assert.is(await gateway.call(isMain), true);
  });

  tests.testWith({}, 'code on the main thread may do what only that may', async (gateway) => {
    const cwd = await gateway.call(async () => {
      const { tmpdir } = await import('node:os');
      process.chdir(tmpdir());
      process.once('SIGUSR2', () => {});
      return process.cwd();
    });
    assert.is((await gateway.remoteInfo()).cwd, cwd);
  });

  tests.test(
    'an execution that starts while the main thread is busy runs on another thread, at once',
    async (gateway) => {
      const busy = await occupy(gateway);
      assert.equal(await Promise.all([gateway.call(isMain), gateway.call(isMain)]), [false, false]);
      await busy.end();
    },
  );

  tests.testWith(
    {},
    'code on another thread sees nothing of how its interpreter was started either',
    async (gateway) => {
      const busy = await occupy(gateway);
      const seen = gateway.call(seenOfStart);
      await busy.end();
      assertNothingSeen(await seen);
    },
  );

  tests.testWith({}, 'while the main thread spins, another execution exchanges data', async (gateway) => {
    const spinning = gateway.remoteExec((channel: Channel<never, string>) => {
      channel.sendSync('spinning');
      for (;;);
    });
    assert.is(await spinning.receive(), 'spinning');
    const echo = gateway.remoteExec((channel: Channel<unknown, unknown>) => {
      for (const item of channel.sync()) channel.sendSync(item);
    });
    for (let i = 0; i < 500; i++) {
      await echo.send(i);
      assert.is(await echo.receive(), i);
    }
    const block = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 5; i++) {
      await echo.send(block);
      assert.is(((await echo.receive()) as Uint8Array).length, block.length);
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 2);
  });

  tests.testWith({}, 'so does one that starts while the main thread spins', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, string>) => {
      channel.sendSync('spinning');
      for (;;);
    });
    await channel.receive();
    assert.is(await gateway.call(isMain), false);
    assert.is(await gateway.call(() => 'answered'), 'answered');
  });

  tests.test(
    'one that starts while the main thread awaits runs on another thread as well',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<string>) => {
        await channel.receive();
      });
      assert.is(await gateway.call(isMain), false);
      void channel.send('end');
      await channel.waitClose();
    },
  );

  tests.test(
    'executions one after the other always get the main thread, and see its globals',
    async (gateway) => {
      const busy = await occupy(gateway);
      assert.is(await gateway.call(isMain), false);
      await busy.end();
      for (let round = 0; round < 20; round++) {
        const seen = await gateway.call(async (round: number) => {
          const { isMainThread } = await import('node:worker_threads');
          const counter = globalThis as { roundsOnMain?: number };
          counter.roundsOnMain = (counter.roundsOnMain ?? 0) + 1;
          return isMainThread && counter.roundsOnMain === round + 1;
        }, round);
        assert.is(seen, true);
      }
    },
  );

  tests.test('threads have globals of their own', async (gateway) => {
    await gateway.call(() => {
      (globalThis as { onlyOnMain?: number }).onlyOnMain = 1;
    });
    const busy = await occupy(gateway);
    assert.is(
      await gateway.call(() => typeof (globalThis as { onlyOnMain?: number }).onlyOnMain),
      'undefined',
    );
    await busy.end();
    assert.is(await gateway.call(() => typeof (globalThis as { onlyOnMain?: number }).onlyOnMain), 'number');
  });

  tests.test('code on other threads has what code on the main thread has', async (gateway) => {
    const busy = await occupy(gateway);
    const channel = gateway.remoteExec(async (channel: Channel<number, unknown>) => {
      const { basename } = await import('node:path');
      const { sep } = require('node:path');
      await channel.send([
        basename('/a/b'),
        sep,
        typeof process.pid,
        typeof URL,
        process.env['PATH'] !== undefined,
      ]);
      await channel.send((await channel.receive()) + channel.receiveSync());
    });
    assert.equal(await channel.receive(), ['b', '/', 'number', 'function', true]);
    void channel.send(1);
    void channel.send(2);
    assert.is(await channel.receive(), 3);
    await channel.waitClose();
    const error = (await failureOf(gateway.call(() => JSON.parse('{')))) as RemoteError;
    assert.is(error.remoteName, 'SyntaxError');
    await busy.end();
  });

  tests.test('the environment is that of the process on every thread', async (gateway) => {
    await gateway.call(() => {
      process.env['SET_ON_MAIN'] = 'seen everywhere';
    });
    const busy = await occupy(gateway);
    assert.is(await gateway.call(() => process.env['SET_ON_MAIN']), 'seen everywhere');
    await busy.end();
  });
}

function bounds(tests: GatewayTests): void {
  tests.testWith(
    { threads: 2 },
    'as many run as threads= says, the others queue and run in their order',
    async (gateway) => {
      const first = await occupy(gateway);
      const second = await occupy(gateway);
      const order: number[] = [];
      const queued = Array.from({ length: 5 }, (_, index) =>
        gateway.call((index: number) => index, index).then((value) => order.push(value)),
      );
      const status = async (): Promise<number[]> => {
        const { numExecuting, numQueued } = await gateway.remoteStatus();
        return [numExecuting, numQueued];
      };
      assert.equal(await status(), [2, 5]);
      await second.end();
      await Promise.all(queued);
      assert.equal(order, [0, 1, 2, 3, 4]);
      assert.equal(await status(), [1, 0]);
      await first.end();
    },
  );

  tests.testWith(
    { threads: 1 },
    'with one thread everything runs on the main thread, in its order',
    async (gateway) => {
      const results = await Promise.all(Array.from({ length: 10 }, () => gateway.call(isMain)));
      assert.equal(
        results,
        Array.from({ length: 10 }, () => true),
      );
      const busy = await occupy(gateway);
      const waiting = gateway.call(isMain);
      assert.is((await gateway.remoteStatus()).numQueued, 1);
      await busy.end();
      assert.is(await waiting, true);
    },
  );

  tests.testWith(
    { threads: 1 },
    'an execution that is cancelled while it queues never runs',
    async (gateway) => {
      const busy = await occupy(gateway);
      const dropped = gateway.remoteExec(() => {
        (globalThis as { ranAfterAll?: boolean }).ranAfterAll = true;
      });
      const kept = gateway.call(() => 'kept');
      assert.is((await gateway.remoteStatus()).numQueued, 2);
      dropped.cancel();
      assert.is((await gateway.remoteStatus()).numQueued, 1);
      await busy.end();
      assert.is(await kept, 'kept');
      assert.is(await gateway.call(() => (globalThis as { ranAfterAll?: boolean }).ranAfterAll), undefined);
    },
  );

  tests.testWith({ threads: 1 }, 'what is sent to an execution that queues waits for it', async (gateway) => {
    const busy = await occupy(gateway);
    const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
      let sum = 0;
      for (let item = 0; item < 100; item++) sum += await channel.receive();
      await channel.send(sum);
    });
    for (let item = 0; item < 100; item++) void channel.send(item);
    assert.is((await gateway.remoteStatus()).numQueued, 1);
    await busy.end();
    assert.is(await channel.receive(), 4950);
    await channel.waitClose();
  });

  tests.testWith({}, 'hundreds of short calls at once take a few threads', async (gateway) => {
    const where = async (): Promise<number> => (await import('node:worker_threads')).threadId;
    const used = await Promise.all(Array.from({ length: 500 }, () => gateway.call(where)));
    // one for each processor; more where one of them was busy with something else for long
    assert.ok(new Set(used).size <= 16, `${new Set(used).size} threads`);
  });

  tests.testWith({}, 'a thread is started for what waits, however old the others are', async (gateway) => {
    const busy = [await occupy(gateway), await occupy(gateway)];
    await new Promise((resolve) => setTimeout(resolve, 3000));
    assert.is(await gateway.call(() => 1, undefined, { timeout: 2500 }), 1);
    for (const one of busy) await one.end();
  });

  tests.test('without threads= dozens of executions run at a time', async (gateway) => {
    const channels = Array.from({ length: 24 }, () =>
      gateway.remoteExec((channel: Channel<string, string>) => {
        channel.sendSync('runs');
        channel.receiveSync();
      }),
    );
    // none of them ends before all have begun
    for (const channel of channels) assert.is(await channel.receive(), 'runs');
    const { numExecuting, numQueued } = await gateway.remoteStatus();
    assert.equal([numExecuting, numQueued], [24, 0]);
    for (const channel of channels) void channel.send('end');
    await Promise.all(channels.map((channel) => channel.waitClose()));
  });
}
