import { type Channel, RemoteError } from '@execnet/core';
import type { Operation } from 'effection';
import * as assert from 'uvu/assert';
import {
  dial,
  failureOf,
  type GatewayFixture,
  GatewayTests,
  SPINS,
  stop,
  testGoingOn,
} from './gateway-tests.ts';

/** What `require('effection')` gives in remote code. */
type Effection = Omit<typeof import('effection'), 'each'> & { each: Each };

interface Each {
  <T>(channel: Channel<T, never>): Operation<Iterable<T>>;
  next(): Operation<void>;
}

/** Executions as tasks under `execmodel=structured`, which the fixture's gateways have: what they are, and how they end. */
export function structuredModelSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'execmodel=structured', fixture);
  kinds(tests);
  turns(tests);
  items(tests);
  halting(tests);
  failing(tests);
  bounds(tests);
  gatewayEnds(tests);
  testGoingOn(tests, SPINS);
  tests.run();
}

/** What remote code says happens to it, while its own channel is closed. */
type Log = Channel<unknown, string>;

/** Everything that was said until nobody is left to say more: the log is closed by the end of the code that has it. */
async function everything(log: Channel<string, string>): Promise<string[]> {
  log.close();
  const said: string[] = [];
  for (;;) {
    try {
      said.push(await log.receive());
    } catch {
      return said;
    }
  }
}

function kinds(tests: GatewayTests): void {
  tests.test('a generator function yields operations, and its channel closes at its end', async (gateway) => {
    assert.match(String(gateway), 'structured model');
    const channel = gateway.remoteExec(
      function* (channel: Channel<number | null, number>, { factor }: { factor: number }) {
        for (;;) {
          const item = yield* channel.receive();
          if (item === null) return;
          yield* channel.send(item * factor);
        }
      },
      { factor: 3 },
    );
    for (let i = 0; i < 100; i++) {
      await channel.send(i);
      assert.is(await channel.receive(), i * 3);
    }
    await channel.send(null);
    await channel.waitClose();
  });

  tests.test('call resolves with what an operation returns', async (gateway) => {
    const slow = function* (value: number) {
      const { sleep } = require('effection') as Effection;
      yield* sleep(1);
      return value + 1;
    };
    const sum: number = await gateway.call(slow, 1);
    assert.is(sum, 2);
    const object = {
      *method(list: number[]) {
        const { all, call } = require('effection') as Effection;
        return yield* all(list.map((item) => call(async () => item * 2)));
      },
    };
    assert.equal(await gateway.call(object.method, [1, 2]), [2, 4]);
    // what is iterable is a value, if it is no generator
    assert.equal(await gateway.call(() => [1, 2]), [1, 2]);
    assert.equal(await gateway.call(() => new Set([1])), new Set([1]));
    assert.is(await gateway.call(() => 'text'), 'text');
  });

  tests.test('plain, async and blocking functions, source text and modules run too', async (gateway) => {
    assert.is(await gateway.call(() => 1), 1);
    assert.is(await gateway.call(async () => await Promise.resolve(2)), 2);
    const blocking = gateway.remoteExec((channel: Channel<number, number>) =>
      channel.sendSync(channel.receiveSync() + 1),
    );
    await blocking.send(2);
    assert.is(await blocking.receive(), 3);
    const text = gateway.remoteExec<number>(
      `
      const { sleep } = require('effection');
      return (function* () { yield* sleep(1); yield* channel.send(args.value); })();
    `,
      { value: 4 },
    );
    assert.is(await text.receive(), 4);
    await Promise.all([blocking.waitClose(), text.waitClose()]);
  });

  tests.test('effection is there by require, and what is not is as before', async (gateway) => {
    const names = await gateway.call(() => Object.keys(require('effection')));
    for (const name of [
      'all',
      'each',
      'ensure',
      'race',
      'resource',
      'run',
      'sleep',
      'spawn',
      'suspend',
      'until',
    ])
      assert.ok(names.includes(name), name);
    assert.is(await gateway.call(() => require('node:path').sep), '/');
    assert.type(await gateway.call(() => require.resolve('node:path')), 'string');
    const missing = await failureOf(gateway.call((name: string) => require(name), 'no-such-module-anywhere'));
    assert.match(missing.message, 'no-such-module-anywhere');
  });
}

function turns(tests: GatewayTests): void {
  tests.test('all executions run in the main thread, beside each other', async (gateway) => {
    const channels = Array.from({ length: 300 }, () =>
      gateway.remoteExec(function* (channel: Channel<number, [boolean, number]>) {
        const { isMainThread } = require('node:worker_threads');
        const globals = globalThis as { waiting?: number };
        globals.waiting = (globals.waiting ?? 0) + 1;
        const item = yield* channel.receive();
        globals.waiting--;
        yield* channel.send([isMainThread, item]);
      }),
    );
    while ((await gateway.remoteStatus()).numExecuting < channels.length);
    while ((await gateway.call(() => (globalThis as { waiting?: number }).waiting)) !== channels.length);
    assert.is((await gateway.remoteStatus()).numQueued, 0);
    channels.forEach((channel, i) => void channel.send(i));
    for (const [i, channel] of channels.entries()) assert.equal(await channel.receive(), [true, i]);
    await Promise.all(channels.map((channel) => channel.waitClose()));
  });

  tests.test('nothing else runs inside a blocking call', async (gateway) => {
    const order = gateway.newChannel<string, never>();
    const args = order;
    const waiting = gateway.remoteExec(function* (channel: Channel<string, string>, order: Log) {
      const { each, spawn, suspend } = require('effection') as Effection;
      yield* spawn(function* () {
        try {
          yield* suspend();
        } finally {
          order.sendSync('halted');
        }
      });
      yield* channel.send('waits');
      for (const item of yield* each(channel)) {
        order.sendSync(item);
        yield* each.next();
      }
    }, args);
    assert.is(await waiting.receive(), 'waits');
    const blocked = gateway.remoteExec((channel: Channel<string, string>, order: Log) => {
      channel.sendSync('blocks');
      channel.receiveSync();
      // both were told before: an item, and then to halt
      for (let i = 0; i < 1000; i++) order.sendSync('.');
      order.sendSync('goes on');
    }, args);
    assert.is(await blocked.receive(), 'blocks');
    await waiting.send('an item');
    waiting.cancel();
    await blocked.send('go on');
    let said = '';
    while (!said.endsWith('halted')) said += await order.receive();
    assert.match(said.replaceAll('.', ''), /^goes on(an item)?halted$/);
    await Promise.all([stop(waiting), blocked.waitClose()]);
    order.close();
  });
}

function items(tests: GatewayTests): void {
  tests.test('each() takes channels; the loop ends with the channel', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    const sum = gateway.call(function* (given: Channel<number>) {
      const { each } = require('effection') as Effection;
      let sum = 0;
      for (const item of yield* each(given)) {
        sum += item;
        yield* each.next();
      }
      return sum;
    }, given);
    for (let i = 1; i <= 1000; i++) await given.send(i);
    given.close();
    assert.is(await sum, 500_500);
  });

  tests.test('an item that comes when nobody waits any more is for the next one', async (gateway) => {
    const channel = gateway.remoteExec(function* (channel: Channel<number, number>) {
      const { race, sleep } = require('effection') as Effection;
      let missed = 0;
      for (let expected = 0; expected < 200; ) {
        const item = yield* race([
          channel.receive(),
          (function* () {
            yield* sleep(0);
            return undefined;
          })(),
        ]);
        if (item === undefined) missed++;
        else if (item !== expected++) throw new Error(`${item} came instead of ${expected - 1}`);
        else yield* channel.send(item);
      }
      yield* channel.send(missed);
    });
    for (let i = 0; i < 200; i++) {
      // now and then later than it is waited for
      if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      await channel.send(i);
      assert.is(await channel.receive(), i);
    }
    assert.ok((await channel.receive()) > 0, 'no wait was ever given up');
    await channel.waitClose();
  });
}

function halting(tests: GatewayTests): void {
  const family = function* (channel: Channel<unknown, string>, log: Log) {
    const { spawn, suspend, sleep, ensure } = require('effection') as Effection;
    const child = function* (name: string) {
      try {
        yield* channel.send(name);
        yield* suspend();
      } finally {
        yield* log.send(`${name} begins`);
        yield* sleep(2);
        yield* log.send(`${name} ends`);
      }
    };
    yield* ensure(function* () {
      yield* log.send('ensured first');
    });
    try {
      yield* spawn(() => child('child 1'));
      yield* spawn(function* () {
        yield* spawn(() => child('grandchild'));
        yield* child('child 2');
      });
      yield* suspend();
    } finally {
      yield* log.send('itself');
    }
  };
  const ENDS = [
    'itself',
    'child 2 begins',
    'child 2 ends',
    'grandchild begins',
    'grandchild ends',
    'child 1 begins',
    'child 1 ends',
    'ensured first',
  ];

  tests.test(
    'cancel halts the task with its children: the youngest first, each to its end',
    async (gateway) => {
      const log = gateway.newChannel<string, string>();
      const channel = gateway.remoteExec(family, log);
      for (const name of ['child 1', 'grandchild', 'child 2'])
        assert.ok((await channel.receive()).length, name);
      await stop(channel);
      assert.is((await gateway.remoteStatus()).numExecuting, 0);
      assert.equal(await everything(log), ENDS);
    },
  );

  tests.test('so does an aborted signal, and what is over before is not halted', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const controller = new AbortController();
    const { signal } = controller;
    const channel = gateway.remoteExec(family, log, { signal });
    for (let i = 0; i < 3; i++) await channel.receive();
    controller.abort();
    assert.is(await failureOf(channel.waitClose()), signal.reason);
    assert.equal(await everything(log), ENDS);
  });

  tests.test('a call that is given up is halted', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const result = gateway.call(
      function* (log: Log) {
        const { suspend } = require('effection') as Effection;
        try {
          yield* log.send('runs');
          yield* suspend();
        } finally {
          yield* log.send('halted');
        }
      },
      log,
      { timeout: 500 },
    );
    assert.is(await log.receive(), 'runs');
    assert.is((await failureOf(result)).code, 'ERR_EXECNET_TIMEOUT');
    assert.is(await log.receive(), 'halted');
    log.close();
  });

  tests.test(
    'a timer, a child process and a socket that a task has are gone when it is halted',
    async (gateway) => {
      const log = gateway.newChannel<string, string>();
      const channel = gateway.remoteExec(function* (channel: Channel<unknown, [number, number]>, log: Log) {
        const { ensure, resource, sleep, spawn, suspend, until } = require('effection') as Effection;
        const { createServer } = require('node:net') as typeof import('node:net');
        const processes = require('node:child_process') as typeof import('node:child_process');
        const once = (emitter: import('node:events').EventEmitter, event: string) =>
          until(new Promise((resolve) => emitter.once(event, resolve)));

        const useProcess = () =>
          resource<import('node:child_process').ChildProcess>(function* (provide) {
            const child = processes.spawn('sleep', ['1000'], { stdio: 'ignore' });
            try {
              yield* provide(child);
            } finally {
              child.kill();
              yield* once(child, 'exit');
              yield* log.send('process');
            }
          });
        const useServer = () =>
          resource<import('node:net').Server>(function* (provide) {
            const server = createServer();
            server.listen(0, '127.0.0.1');
            yield* once(server, 'listening');
            try {
              yield* provide(server);
            } finally {
              server.close();
              yield* once(server, 'close');
              yield* log.send('server');
            }
          });

        yield* ensure(() => log.send('all'));
        yield* spawn(function* () {
          try {
            for (;;) {
              yield* sleep(1);
              (globalThis as { ticks?: number }).ticks = ((globalThis as { ticks?: number }).ticks ?? 0) + 1;
            }
          } finally {
            yield* log.send('timer');
          }
        });
        const child = yield* useProcess();
        const server = yield* useServer();
        yield* channel.send([child.pid as number, (server.address() as { port: number }).port]);
        yield* suspend();
      }, log);
      const [pid, port] = await channel.receive();
      assert.ok(isAlive(pid));
      assert.is(await dial(port), 'accepted');
      await stop(channel);
      assert.equal(await everything(log), ['server', 'process', 'timer', 'all']);
      assert.is(isAlive(pid), false);
      assert.is(await dial(port), 'ECONNREFUSED');
      const ticks = () => gateway.call(() => (globalThis as { ticks?: number }).ticks);
      const before = await ticks();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.is(await ticks(), before);
    },
  );

  tests.test('an async function is told by its signal, and is over when it has returned', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(async (channel: Channel<unknown, string>, log: Log) => {
      try {
        await channel.send('waits');
        await channel.receive();
      } catch (error) {
        await log.send(`${(error as Error).name} ${channel.signal.aborted}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await log.send('over');
      }
    }, log);
    assert.is(await channel.receive(), 'waits');
    await stop(channel);
    assert.equal(await everything(log), ['CancelledError true', 'over']);
  });

  tests.test('halting one execution leaves the others alone', async (gateway) => {
    const code = function* (channel: Channel<number, number>) {
      yield* channel.send(0);
      for (;;) yield* channel.send(yield* channel.receive());
    };
    const channels = Array.from({ length: 10 }, () => gateway.remoteExec(code));
    for (const channel of channels) assert.is(await channel.receive(), 0);
    for (const [i, channel] of channels.entries()) {
      if (i % 2 === 0) channel.cancel();
      else void channel.send(i);
    }
    for (const [i, channel] of channels.entries()) {
      if (i % 2 === 0) await stop(channel);
      else assert.is(await channel.receive(), i);
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 5);
    await Promise.all(channels.map(stop));
  });
}

function failing(tests: GatewayTests): void {
  tests.test('an error in a child fails the execution, and its siblings are halted', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(function* (_: Channel, log: Log) {
      const { sleep, spawn, suspend } = require('effection') as Effection;
      yield* spawn(function* () {
        try {
          yield* suspend();
        } finally {
          yield* log.send('sibling halted');
        }
      });
      yield* spawn(function* () {
        yield* sleep(1);
        throw new RangeError('of a child');
      });
      yield* suspend();
    }, log);
    const error = await failureOf(channel.waitClose());
    assert.instance(error, RemoteError);
    assert.is((error as RemoteError).remoteName, 'RangeError');
    assert.match(error.message, 'of a child');
    assert.equal(await everything(log), ['sibling halted']);
  });

  tests.test('what an operation throws is caught where it was yielded', async (gateway) => {
    const result = await gateway.call(function* () {
      const { sleep } = require('effection') as Effection;
      function* failing() {
        yield* sleep(1);
        throw new RangeError('inner');
      }
      try {
        yield* failing();
        return 'went on';
      } catch (error) {
        return `caught ${(error as Error).message}`;
      }
    });
    assert.is(result, 'caught inner');
  });

  tests.test('a clean-up that fails is what waitClose rejects with', async (gateway) => {
    const channel = gateway.remoteExec(function* (channel: Channel<unknown, string>) {
      const { ensure, suspend } = require('effection') as Effection;
      yield* ensure(() => {
        throw new RangeError('can not clean up');
      });
      yield* channel.send('runs');
      yield* suspend();
    });
    assert.is(await channel.receive(), 'runs');
    channel.cancel();
    assert.match((await failureOf(channel.waitClose())).message, 'can not clean up');
  });

  tests.test('a receive in an operation throws when the channel was closed from here', async (gateway) => {
    const channel = gateway.newChannel<string, never>();
    const result = gateway.call(function* (channel: Channel) {
      try {
        yield* channel.receive();
        return 'received';
      } catch (error) {
        return (error as Error).name;
      }
    }, channel);
    channel.close();
    assert.is(await result, 'ChannelClosedError');
  });
}

function bounds(tests: GatewayTests): void {
  tests.test('a clean-up that never ends is cut short', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(function* (channel: Channel<unknown, string>, log: Log) {
      const { spawn, suspend } = require('effection') as Effection;
      yield* spawn(function* () {
        try {
          yield* channel.send('runs');
          yield* suspend();
        } finally {
          yield* log.send('begins');
          yield* suspend();
          yield* log.send('never comes');
        }
      });
      yield* suspend();
    }, log);
    assert.is(await channel.receive(), 'runs');
    await stop(channel);
    assert.equal(await everything(log), ['begins']);
  });

  tests.test('a halt that is lost in a delegated generator comes to its end', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(function* (channel: Channel<unknown, string>, log: Log) {
      const { sleep, suspend } = require('effection') as Effection;
      function* delegated() {
        try {
          yield* suspend();
        } finally {
          // from here the generator that delegates goes on as if nothing had happened
          yield* sleep(1);
        }
      }
      try {
        yield* channel.send('runs');
        for (let i = 0; i < 3; i++) yield* delegated();
        yield* suspend();
      } finally {
        yield* log.send('over');
      }
    }, log);
    assert.is(await channel.receive(), 'runs');
    await stop(channel);
    assert.equal(await everything(log), ['over']);
  });
}

function gatewayEnds(tests: GatewayTests): void {
  tests.testWith(
    {},
    'terminate halts all tasks, and lets them clean up within its timeout',
    async (gateway) => {
      const log = gateway.newChannel<string, string>();
      const channels = Array.from({ length: 3 }, (_, name) =>
        gateway.remoteExec(
          function* (channel: Channel<unknown, string>, { log, name }: { log: Log; name: number }) {
            const { sleep, suspend } = require('effection') as Effection;
            try {
              yield* channel.send('runs');
              yield* suspend();
            } finally {
              // longer than a cancelled execution would be given
              yield* sleep(1200);
              yield* log.send(`cleaned up ${name}`);
            }
          },
          { log: log, name },
        ),
      );
      for (const channel of channels) assert.is(await channel.receive(), 'runs');
      const terminated = gateway.terminate({ timeout: 10_000 });
      const said = [await log.receive(), await log.receive(), await log.receive()];
      assert.equal(said.sort(), ['cleaned up 0', 'cleaned up 1', 'cleaned up 2']);
      await terminated;
    },
  );

  tests.testWith(
    { stdio: 'ignore' },
    'an error that nobody caught is told by the execution that ran the code',
    async (gateway) => {
      const guilty = gateway.remoteExec(function* (channel: Channel<string, string>) {
        yield* channel.receive();
        setTimeout(() => {
          throw new RangeError('thrown later');
        }, 1);
        yield* channel.receive();
      });
      const innocent = gateway.remoteExec(function* (channel: Channel<string, string>) {
        yield* channel.receive();
      });
      const [told, other] = [failureOf(guilty.waitClose()), failureOf(innocent.waitClose())];
      await guilty.send('go on');
      const error = await told;
      assert.instance(error, RemoteError);
      assert.match(error.message, 'later');
      // Deno has lost the context there, and tells everybody
      if (gateway.peer.runtime !== 'deno') assert.is((await other).name, 'ConnectionLostError');
      // the remote end ends, as a plain program does
      await gateway.join();
    },
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
