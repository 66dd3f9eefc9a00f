import type { Channel, Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, occupy } from './gateway-tests.ts';

/** `receiveSync`, `sendSync` and `sync()` of remote code. */
export function blockingSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'blocking calls', fixture);
  for (const place of [
    {
      name: 'on the main thread',
      occupy: async () => {},
      test: (title, body) => tests.test(title, body),
    },
    {
      name: 'on another thread',
      occupy: async (gateway) => (await occupy(gateway)).end,
      test: (title, body) => tests.testThreads(title, body),
    },
  ] satisfies Place[]) {
    straight(place);
    waiting(place);
  }
  meanwhile(tests);
  spinning(tests);
  refusing(tests);
  tests.run();
}

/** Where the code of a test runs. */
interface Place {
  readonly name: string;
  /** Keeps the main thread busy, if it is not to run there; call what it resolves with to end that. */
  readonly occupy: (gateway: Gateway) => Promise<(() => Promise<void>) | undefined | void>;
  readonly test: GatewayTests['test'];
}

function straight({ name: place, occupy, test }: Place): void {
  test(`a program can be written straight down ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<unknown, unknown>) => {
      const name = channel.receiveSync();
      channel.sendSync(`hello ${String(name)}`);
      let sum = 0;
      for (;;) {
        const item = channel.receiveSync() as { last: boolean; value: number };
        sum += item.value;
        if (item.last) break;
      }
      channel.sendSync({ sum, list: [1, 2] });
    });
    void channel.send('you');
    assert.is(await channel.receive(), 'hello you');
    for (let value = 1; value <= 100; value++) void channel.send({ value, last: value === 100 });
    assert.equal(await channel.receive(), { sum: 5050, list: [1, 2] });
    await channel.waitClose();
    await free?.();
  });

  test(`a thousand round trips work ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<number, number>) => {
      for (let round = 0; round < 1000; round++) channel.sendSync(channel.receiveSync() + 1);
    });
    for (let round = 0; round < 1000; round++) {
      void channel.send(round);
      assert.is(await channel.receive(), round + 1);
    }
    await channel.waitClose();
    await free?.();
  });

  test(`sync() iterates until the channel is closed ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const items = gateway.newChannel<never, number>();
    const result = gateway.call((items: Channel<number>) => {
      let sum = 0;
      for (const item of items.sync()) sum += item;
      return sum;
    }, items);
    for (let item = 1; item <= 1000; item++) void items.send(item);
    items.close();
    assert.is(await result, 500_500);
    await free?.();
  });

  test(`sync() throws what the channel was closed with ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const items = gateway.newChannel<never, number>();
    const result = gateway.call((items: Channel<number>) => {
      const seen: unknown[] = [];
      try {
        for (const item of items.sync()) seen.push(item);
      } catch (error) {
        seen.push((error as Error).message);
      }
      return seen;
    }, items);
    void items.send(1);
    items.close(new Error('the source is dry'));
    assert.equal(await result, [1, 'Error: the source is dry']);
    await free?.();
  });

  test(`items of 4 MiB pass both ways ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<Uint8Array, Uint8Array>) => {
      for (let round = 0; round < 3; round++) channel.sendSync(channel.receiveSync().slice().reverse());
    });
    const item = new Uint8Array(4 * 1024 * 1024).map((_, index) => index >>> 8);
    for (let round = 0; round < 3; round++) {
      void channel.send(item);
      assert.equal(Buffer.compare(await channel.receive(), item.slice().reverse()), 0);
    }
    await channel.waitClose();
    await free?.();
  });
}

function waiting({ name: place, occupy, test }: Place): void {
  test(`receiveSync with a timeout throws when nothing came, and loses nothing ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<string, string>) => {
      for (const timeout of [0, 10]) {
        try {
          channel.sendSync(channel.receiveSync({ timeout }));
        } catch (error) {
          channel.sendSync(`${(error as Error).name} ${(error as { code?: string }).code}`);
        }
      }
      channel.sendSync(channel.receiveSync({ timeout: 15_000 }));
    });
    assert.is(await channel.receive(), 'TimeoutError ERR_EXECNET_TIMEOUT');
    assert.is(await channel.receive(), 'TimeoutError ERR_EXECNET_TIMEOUT');
    void channel.send('at last');
    assert.is(await channel.receive(), 'at last');
    await channel.waitClose();
    await free?.();
  });

  test(`sendSync waits for room ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const SIZE = 256 * 1024;
    const channel = gateway.remoteExec(
      (channel: Channel<never, Uint8Array>, { count, size }: { count: number; size: number }) => {
        for (let item = 0; item < count; item++) channel.sendSync(new Uint8Array(size).fill(item));
      },
      { count: 40, size: SIZE },
    );
    await channel.receive();
    assert.is(channel.isClosed, false);
    assert.ok((await gateway.remoteStatus()).numExecuting >= 1);
    for (let item = 1; item < 40; item++) {
      const bytes = await channel.receive();
      assert.equal([bytes.length, bytes[0], bytes[SIZE - 1]], [SIZE, item, item]);
    }
    await channel.waitClose();
    await free?.();
  });

  test(`a closed channel makes blocking calls throw ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const items = gateway.newChannel<never, string>();
    const result = gateway.call((items: Channel<string>) => {
      const outcome = (run: () => unknown): unknown => {
        try {
          return run();
        } catch (error) {
          return (error as Error).name;
        }
      };
      return [
        outcome(() => items.receiveSync()),
        outcome(() => items.receiveSync()),
        outcome(() => items.sendSync(1)),
      ];
    }, items);
    void items.send('item');
    items.close();
    assert.equal(await result, ['item', 'ChannelClosedError', 'ChannelClosedError']);
    await free?.();
  });

  test(`sendSync throws for what can not be sent, and the channel goes on ${place}`, async (gateway) => {
    const free = await occupy(gateway);
    const channel = gateway.remoteExec((channel: Channel<never, unknown>) => {
      try {
        channel.sendSync({ handlers: [() => {}] });
      } catch (error) {
        channel.sendSync([(error as Error).name, (error as { path?: string }).path]);
      }
    });
    assert.equal(await channel.receive(), ['DumpError', '$.handlers[0]']);
    await channel.waitClose();
    await free?.();
  });
}

function meanwhile(tests: GatewayTests): void {
  tests.test('while a thread is blocked its timers wait, and go on afterwards', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, unknown>) => {
      const log: string[] = [];
      const timer = new Promise<void>((resolve) => {
        setTimeout(() => {
          log.push('timer');
          resolve();
        }, 1);
      });
      channel.sendSync('blocked');
      log.push(channel.receiveSync());
      log.push(channel.receiveSync());
      await timer;
      await channel.send(log);
    });
    await channel.receive();
    void channel.send('first');
    for (let round = 0; round < 10; round++) await gateway.remoteStatus();
    void channel.send('second');
    assert.equal(await channel.receive(), ['first', 'second', 'timer']);
    await channel.waitClose();
  });

  tests.test(
    'while a thread is blocked its callbacks wait, and get every item in order afterwards',
    async (gateway) => {
      const items = gateway.newChannel<never, number>();
      const channel = gateway.remoteExec(
        async (channel: Channel<string, unknown>, items: Channel<number>) => {
          const log: unknown[] = [];
          const ended = new Promise<void>((resolve) => {
            items.setCallback(
              (item) => {
                log.push(item);
                if (item === null) resolve();
              },
              { endMarker: null },
            );
          });
          channel.sendSync('blocked');
          log.push(channel.receiveSync());
          await ended;
          await channel.send(log);
        },
        items,
      );
      await channel.receive();
      for (let item = 0; item < 10; item++) void items.send(item);
      items.close();
      void channel.send('unblocked');
      assert.equal(await channel.receive(), ['unblocked', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, null]);
      await channel.waitClose();
    },
  );

  tests.test(
    'blocking and awaiting can be mixed on one channel without changing the order',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
        void channel.send(1);
        channel.sendSync(2);
        void channel.send(3);
        await channel.send(4);
        channel.sendSync(await channel.receive());
        await channel.send(channel.receiveSync());
      });
      void channel.send(5);
      void channel.send(6);
      const items: number[] = [];
      for await (const item of channel) items.push(item);
      assert.equal(items, [1, 2, 3, 4, 5, 6]);
    },
  );

  tests.test('blocked on one channel, a thread takes what arrives on others', async (gateway) => {
    const [a, b] = [gateway.newChannel<never, string>(), gateway.newChannel<never, string>()];
    const result = gateway.call(
      ({ a, b }: { a: Channel<string>; b: Channel<string> }) => [
        a.receiveSync(),
        b.receiveSync(),
        a.receiveSync(),
      ],
      { a: a, b: b },
    );
    void b.send('b1');
    void a.send('a1');
    void a.send('a2');
    assert.equal(await result, ['a1', 'b1', 'a2']);
    a.close();
    b.close();
  });

  tests.test('a channel that arrives by receiveSync can be blocked on', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<Channel<string, string>>) => {
      const inner = channel.receiveSync();
      inner.sendSync(`${inner.receiveSync()}!`);
    });
    const inner = gateway.newChannel<string, string>();
    void channel.send(inner);
    void inner.send('inner');
    assert.is(await inner.receive(), 'inner!');
    await channel.waitClose();
    inner.close();
  });
}

function spinning(tests: GatewayTests): void {
  tests.testWith({}, 'what sendSync sent has left when the thread spins from then on', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, string>) => {
      channel.sendSync('ready');
      while (true);
    });
    assert.is(await channel.receive(), 'ready');
    await gateway.terminate({ timeout: 100 });
  });

  tests.testWith({}, 'what was sent before a sendSync has left with it', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, string>) => {
      void channel.send('one');
      void channel.send('two');
      channel.sendSync('three');
      while (true);
    });
    assert.equal(
      [await channel.receive(), await channel.receive(), await channel.receive()],
      ['one', 'two', 'three'],
    );
    await gateway.terminate({ timeout: 100 });
  });

  tests.testWith(
    {},
    'a send that is not awaited leaves with the turn of the event loop: not before code that spins',
    async (gateway) => {
      const channel = gateway.remoteExec((channel: Channel<never, string>, until: number) => {
        void channel.send('not awaited');
        // bounded, so that the item is seen to be sent after all
        while (Date.now() < until);
      }, Date.now() + 600);
      const early = await channel.receive({ timeout: 150 }).then(
        () => 'left before the spinning',
        (error: Error) => error.name,
      );
      assert.is(early, 'TimeoutError');
      assert.is(await channel.receive(), 'not awaited');
      await channel.waitClose();
    },
  );
}

function refusing(tests: GatewayTests): void {
  tests.test('the local end does not block', async (gateway) => {
    const channel = gateway.newChannel();
    for (const use of [() => channel.receiveSync(), () => channel.sendSync(1), () => [...channel.sync()]]) {
      const error = await failureOf(use);
      assert.is(error.code, 'ERR_EXECNET_BLOCKING');
      assert.match(error.message, /await (receive|send)\(\)/);
    }
    channel.close();
  });
}
