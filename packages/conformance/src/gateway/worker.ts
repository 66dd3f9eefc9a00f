import type { Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import {
  dial,
  failureOf,
  type GatewayFixture,
  GatewayTests,
  occupy,
  settled,
  stop,
} from './gateway-tests.ts';

/** What the interpreter under test can do with threads; as in `supports` of its plugin. */
export interface ThreadSupports {
  readonly killThread: boolean;
  readonly threadMemoryLimit: boolean;
}

/** Where executions run under `execmodel=worker`, which the fixture's gateways have, and what becomes of their threads. */
export function workerModelSuite(name: string, fixture: GatewayFixture, supports: ThreadSupports): void {
  const tests = new GatewayTests(name, 'execmodel=worker', fixture);
  places(tests);
  bounds(tests);
  ends(tests);
  if (supports.killThread) kills(tests);
  else {
    survivors(tests);
    tests.leaveOut(
      'a thread that spins is ended',
      'this interpreter can not stop a thread (supports.killThread)',
    );
  }
  if (supports.threadMemoryLimit) limits(tests);
  else {
    noLimits(tests, fixture);
    const reason = 'threads of this interpreter have no memory limits (supports.threadMemoryLimit)';
    for (const title of LIMITS) tests.leaveOut(title, reason);
  }
  tests.run();
}

/** The titles of what only interpreters with memory limits for threads do. */
const LIMITS = [
  'an execution that needs more memory than heap= fails alone',
  'stack= limits the stack',
] as const;

interface Place {
  readonly main: boolean;
  readonly thread: number;
  readonly seen: number;
}

/** Where it runs, and how often its globals have been seen. */
const place = async (): Promise<Place> => {
  const { isMainThread, threadId } = await import('node:worker_threads');
  const globals = globalThis as { seen?: number };
  globals.seen = (globals.seen ?? 0) + 1;
  return { main: isMainThread, thread: threadId, seen: globals.seen };
};

function places(tests: GatewayTests): void {
  tests.test('each execution has a thread and globals of its own', async (gateway) => {
    assert.match(String(gateway), 'worker model');
    assert.is((await gateway.remoteStatus()).execmodel, 'worker');
    const seen = [await gateway.call(place), await gateway.call(place), await gateway.call(place)];
    for (const one of seen) {
      assert.is(one.main, false);
      assert.is(one.seen, 1);
    }
    assert.is(new Set(seen.map(({ thread }) => thread)).size, 3);
  });

  tests.test('executions that block run beside each other', async (gateway) => {
    const busy = await Promise.all([occupy(gateway), occupy(gateway), occupy(gateway)]);
    assert.is((await gateway.remoteStatus()).numExecuting, 3);
    assert.is(await gateway.call(() => 'beside'), 'beside');
    for (const one of busy) await one.end();
  });

  tests.test('blocking code is written straight down', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<number | null, number>) => {
      for (const item of channel.sync()) {
        if (item === null) return;
        channel.sendSync(item * 2);
      }
    });
    for (let i = 0; i < 100; i++) {
      await channel.send(i);
      assert.is(await channel.receive(), i * 2);
    }
    await channel.send(null);
    await channel.waitClose();
  });
}

function bounds(tests: GatewayTests): void {
  tests.testWith({ threads: 2 }, 'threads= bounds how many run; the others wait', async (gateway) => {
    const [first, second] = [await occupy(gateway), await occupy(gateway)];
    const third = gateway.call(place);
    const fourth = gateway.remoteExec((channel) => channel.receiveSync());
    const { numExecuting, numQueued } = await gateway.remoteStatus();
    assert.equal({ numExecuting, numQueued }, { numExecuting: 2, numQueued: 2 });
    // one that waits and is given up never runs
    await stop(fourth);
    assert.is((await gateway.remoteStatus()).numQueued, 1);
    await first.end();
    assert.is((await third).seen, 1);
    await second.end();
    await settled(gateway);
    assert.is((await gateway.remoteStatus()).numQueued, 0);
  });

  tests.testWith({ threads: 4 }, 'dozens started at once finish, each once', async (gateway) => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, i) => gateway.call((i: number) => i, i)),
    );
    assert.equal(
      results,
      Array.from({ length: 30 }, (_, i) => i),
    );
  });
}

function ends(tests: GatewayTests): void {
  tests.test('process.exit ends its execution, and nothing else', async (gateway) => {
    const other = await occupy(gateway);
    const error = (await failureOf(gateway.call(() => process.exit(3)))) as RemoteError;
    assert.is(error.code, 'ERR_EXECNET_REMOTE');
    assert.match(error.message, 'process.exit(3)');
    await other.end();
  });

  tests.test(
    'an error that nobody caught arrives at its channel, and the gateway goes on',
    async (gateway) => {
      const other = await occupy(gateway);
      const thrown = gateway.remoteExec(
        () =>
          new Promise(() => {
            setTimeout(() => {
              throw new RangeError('thrown later');
            }, 1);
          }),
      );
      assert.match((await failureOf(thrown.waitClose())).message, /thrown later/);
      const rejected = gateway.remoteExec(
        () =>
          new Promise(() => {
            void Promise.reject(new RangeError('rejected later'));
          }),
      );
      assert.match((await failureOf(rejected.waitClose())).message, /rejected later/);
      // its result comes when it has failed already
      const both = gateway.call(async () => {
        void Promise.reject(new RangeError('rejected before the result'));
        await new Promise((resolve) => setTimeout(resolve, 20));
        return 'result';
      });
      assert.match((await failureOf(both)).message, /rejected before the result/);
      await other.end();
    },
  );

  tests.test('what was sent before the end arrives, on other channels too', async (gateway) => {
    const other = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec((channel: Channel<never, number>, other: Channel<never, string>) => {
      for (let i = 0; i < 1000; i++) void channel.send(i);
      void other.send('x'.repeat(100_000));
    }, other);
    for (let i = 0; i < 1000; i++) assert.is(await channel.receive(), i);
    await channel.waitClose();
    // more than its window: the rest leaves after the code has ended
    assert.is((await other.receive()).length, 100_000);
    other.close();
  });

  tests.test('what code leaves behind ends with the last channel of its thread', async (gateway) => {
    const lifeline = gateway.newChannel<string, string>();
    const port = await gateway.call(async (lifeline: Channel<string, string>) => {
      const { createServer } = await import('node:net');
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      setInterval(() => {}, 1000);
      lifeline.setCallback((item) => lifeline.send(item));
      return (server.address() as { port: number }).port;
    }, lifeline);
    await lifeline.send('still there');
    assert.is(await lifeline.receive(), 'still there');
    assert.is(await dial(port), 'accepted');
    lifeline.close();
    while ((await dial(port)) === 'accepted') await new Promise((resolve) => setTimeout(resolve, 20));
  });

  tests.test('code that is cancelled cleans up before its thread ends', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec((channel: Channel<unknown, string>, log: Channel<unknown, string>) => {
      try {
        channel.sendSync('runs');
        channel.receiveSync();
      } catch (error) {
        log.sendSync((error as Error).name);
      } finally {
        log.sendSync('finally');
      }
    }, log);
    await channel.receive();
    channel.cancel();
    assert.is(await log.receive(), 'CancelledError');
    assert.is(await log.receive(), 'finally');
    await log.waitClose();
    await settled(gateway);
  });
}

function kills(tests: GatewayTests): void {
  tests.test('cancelling ends a thread that spins, and nothing else', async (gateway) => {
    const other = await occupy(gateway);
    const given = gateway.newChannel<never, string>();
    const endless = gateway.remoteExec(
      async (channel: Channel<never, unknown>, given: Channel<never, string>) => {
        await given.send('mine now');
        channel.sendSync('spins');
        for (;;);
      },
      given,
    );
    assert.is(await endless.receive(), 'spins');
    assert.is(await given.receive(), 'mine now');
    const waiting = failureOf(given.receive());
    endless.cancel();
    // what the thread had is closed, whoever waits there hears of it
    assert.is((await waiting).name, 'RemoteError');
    await stop(endless);
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    assert.is(await gateway.call(() => 'goes on'), 'goes on');
    await other.end();
  });

  tests.test('what code has made itself is closed when its thread is gone', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, Channel>) => {
      const made = [channel.gateway.newChannel(), channel.gateway.newChannel()];
      for (const one of made) await channel.send(one);
      await channel.receive();
      process.exit(3);
    });
    const made = [await channel.receive(), await channel.receive()];
    const waiting = made.map((one) => failureOf(one.receive()));
    await channel.send('go');
    for (const error of await Promise.all(waiting)) assert.match(error.message, 'process.exit(3)');
    assert.match((await failureOf(channel.waitClose())).message, 'process.exit(3)');
  });

  tests.testWith({ threads: 2 }, 'channels that were made and not sent keep no thread', async (gateway) => {
    for (let n = 0; n < 4; n++)
      await gateway.remoteExec((channel: Channel) => void channel.gateway.newChannel()).waitClose();
    assert.is(await gateway.call(() => 'goes on'), 'goes on');
  });

  tests.test('nor does it matter how many there were', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, string>) => {
      for (let n = 0; n < 20_000; n++) {
        channel.gateway.newChannel().close();
        if (n % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      channel.sendSync('spins');
      for (;;);
    });
    assert.is(await channel.receive(), 'spins');
    await stop(channel);
    assert.is(await gateway.call(() => 'goes on'), 'goes on');
  });

  tests.test('an aborted signal ends a thread that spins', async (gateway) => {
    const controller = new AbortController();
    const call = gateway.call(
      () => {
        for (;;);
      },
      undefined,
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new Error('long enough')), 50);
    assert.match((await failureOf(call)).message, /long enough/);
    await settled(gateway);
  });

  tests.test('threads that are stopped while they write cut no frame', async (gateway) => {
    const steady = gateway.remoteExec(async (channel: Channel<number, number>) => {
      for await (const item of channel) await channel.send(item);
    });
    const noisy = Array.from({ length: 4 }, () =>
      gateway.remoteExec((channel: Channel<never, Uint8Array | string>) => {
        const block = new Uint8Array(300_000);
        for (;;) {
          // goes on writing whatever it is told
          try {
            channel.sendSync(block);
            channel.sendSync('small');
          } catch {}
        }
      }),
    );
    await Promise.all(noisy.map((one) => one.receive()));
    for (const one of noisy) one.cancel();
    for (let i = 0; i < 2000; i++) {
      await steady.send(i);
      assert.is(await steady.receive(), i);
    }
    await settled(gateway, 1);
    await steady.send(-1);
    assert.is(await steady.receive(), -1);
    steady.close();
    await settled(gateway);
  });
}

function survivors(tests: GatewayTests): void {
  tests.testWith(
    { stdio: 'pipe' },
    'a thread that spins when it is cancelled is told of, and goes with the gateway',
    async (gateway) => {
      const endless = gateway.remoteExec((channel: Channel<never, string>) => {
        channel.sendSync('spins');
        for (;;);
      });
      assert.is(await endless.receive(), 'spins');
      let said = '';
      gateway.stderr?.on('data', (chunk: Uint8Array) => {
        said += Buffer.from(chunk).toString();
      });
      endless.cancel();
      const error = await failureOf(endless.waitClose());
      assert.is(error.code, 'ERR_EXECNET_STILL_RUNNING');
      assert.match(error.message, 'terminating the gateway');
      while (!said.includes('terminate the gateway')) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.is(await gateway.call(() => 'goes on'), 'goes on');
      await gateway.terminate({ timeout: 200 });
    },
  );
}

function limits(tests: GatewayTests): void {
  tests.testWith({ heap: 32 }, LIMITS[0], async (gateway) => {
    const other = await occupy(gateway);
    const greedy = gateway.call(() => {
      const kept: string[][] = [];
      for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => `${kept.length} ${i}`));
    });
    const error = (await failureOf(greedy)) as RemoteError;
    assert.is(error.code, 'ERR_EXECNET_REMOTE');
    assert.match(error.message, 'ran out of memory');
    assert.match(error.message, 'heap=');
    assert.is(await gateway.call(() => 'goes on'), 'goes on');
    await other.end();
  });

  tests.testWith({ stack: 1 }, LIMITS[1], async (gateway) => {
    const depth = (): number => {
      let reached = 0;
      const deeper = (): void => {
        reached++;
        deeper();
      };
      try {
        deeper();
      } catch {}
      return reached;
    };
    const small = await gateway.call(depth);
    assert.ok(small > 100 && small < 15_000, `${small} calls deep`);
  });
}

function noLimits(tests: GatewayTests, fixture: GatewayFixture): void {
  tests.test('memory limits are refused before anything is started', async () => {
    for (const fields of [{ heap: 32 }, { stack: 4 }]) {
      const error = await failureOf(fixture.makeGateway(fields));
      assert.is(error.code, 'ERR_EXECNET_UNSUPPORTED');
      assert.match(error.message, Object.keys(fields)[0] as string);
    }
  });
}
