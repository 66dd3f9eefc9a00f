import { type Channel, ChannelClosedError, DumpError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** Channels inside items, arguments and results. */
export function nestedChannelSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'nested channels', fixture);
  passing(tests);
  madeThere(tests);
  usedBefore(tests);
  racing(tests);
  refusing(tests, fixture);
  tests.run();
}

type Speech = Channel<string, string>;

function passing(tests: GatewayTests): void {
  tests.test('a channel in an item reaches remote code', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<Speech>) => {
      const inner = await channel.receive();
      await inner.send(`${await inner.receive()}, heard`);
    });
    const inner = gateway.newChannel<string, string>();
    await channel.send(inner);
    await inner.send('words');
    assert.is(await inner.receive(), 'words, heard');
    await channel.waitClose();
    inner.close();
  });

  tests.test('channels in arguments reach remote code, wherever they are in them', async (gateway) => {
    const [a, b, c] = [gateway.newChannel(), gateway.newChannel(), gateway.newChannel()];
    const args = { direct: a, list: [0, b], map: new Map([['key', { c }]]) };
    await gateway.call(({ direct, list, map }: typeof args) => {
      void direct.send('a');
      void (list[1] as Channel).send('b');
      void map.get('key')?.c.send('c');
    }, args);
    assert.equal([await a.receive(), await b.receive(), await c.receive()], ['a', 'b', 'c']);
    for (const channel of [a, b, c]) channel.close();
  });

  tests.test('a channel is an argument by itself', async (gateway) => {
    const channel = gateway.newChannel<string, string>();
    const done = gateway.call(async (given: Speech) => given.send(`${await given.receive()}!`), channel);
    void channel.send('alone');
    assert.is(await channel.receive(), 'alone!');
    await done;
    channel.close();
  });

  tests.test(
    'a channel in the result of a call, and in an item from there, reaches the local end',
    async (gateway) => {
      const given = gateway.newChannel<Channel, string>();
      const { inner: returned } = await gateway.call((given: Channel<string>) => {
        // held there: what is garbage at one end is closed at the other
        (globalThis as { keptInner?: unknown }).keptInner = given;
        return { inner: given };
      }, given);
      assert.is(returned, given);
      const channel = gateway.remoteExec(async (channel: Channel<never, Channel[]>, given: Channel) => {
        await channel.send([given, given, channel]);
      }, given);
      const [first, second, itself] = await channel.receive();
      assert.is(first, given);
      assert.is(second, given);
      assert.is(itself, channel);
      await channel.waitClose();
      given.close();
    },
  );

  tests.test('a channel is the same object each time that it arrives', async (gateway) => {
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec(async (channel: Channel<unknown, boolean>) => {
      const { a, b } = (await channel.receive()) as { a: Channel; b: Channel };
      const c = await channel.receive();
      await channel.send(a === b && b === c);
    });
    void channel.send({ a: inner, b: inner });
    void channel.send(inner);
    assert.is(await channel.receive(), true);
    await channel.waitClose();
    inner.close();
  });

  tests.testShared('a channel outlives the execution that it was passed to', async (gateway) => {
    const inner = gateway.newChannel<number, number>();
    await gateway.call((inner: Channel<number, number>) => {
      (globalThis as { keptChannel?: unknown }).keptChannel = inner;
    }, inner);
    assert.is(inner.isClosed, false);
    void inner.send(20);
    await gateway.call(async () => {
      const { keptChannel } = globalThis as unknown as { keptChannel: Channel<number, number> };
      await keptChannel.send((await keptChannel.receive()) + 1);
    });
    assert.is(await inner.receive(), 21);
    inner.close();
  });

  tests.testBeside('two executions talk through a channel that both were given', async (gateway) => {
    const forth = gateway.newChannel<string, string>();
    const back = gateway.newChannel<string, string>();
    const first = gateway.remoteExec(async (_: Channel, forth: Speech) => {
      for await (const item of forth) await forth.send(`<${item}>`);
    }, forth);
    const second = gateway.remoteExec(async (_: Channel, back: Speech) => {
      for await (const item of back) await back.send(`[${item}]`);
    }, back);
    void forth.send('x');
    void back.send(await forth.receive());
    assert.is(await back.receive(), '[<x>]');
    forth.close();
    back.close();
    await Promise.all([first.waitClose(), second.waitClose()]);
  });
}

function madeThere(tests: GatewayTests): void {
  tests.test('remote code makes channels and sends them', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, unknown>) => {
      await channel.send(channel.gateway.id);
      const made = [0, 1, 2].map(() => channel.gateway.newChannel<string, string>());
      await channel.send(made);
      for (const one of made) await one.send(`${await one.receive()}, heard`);
      await channel.receive();
    });
    assert.is(await channel.receive(), gateway.id);
    const made = (await channel.receive()) as Speech[];
    for (const one of made) {
      assert.is(one.id % 2, 0);
      await one.send('words');
      assert.is(await one.receive(), 'words, heard');
    }
    assert.is(channel.gateway, gateway);
    await channel.send('end');
    await channel.waitClose();
    for (const one of made) one.close();
  });
}

function usedBefore(tests: GatewayTests): void {
  tests.test(
    'what remote code sends on a channel of its own before it hands that over arrives',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<unknown, unknown>) => {
        const ended = channel.gateway.newChannel<unknown, string>();
        void ended.send('a');
        void ended.send('b');
        void ended.end();
        const large = channel.gateway.newChannel<unknown, unknown>();
        const sent = large.send(new Uint8Array(200_000));
        // long before
        await channel.send('used');
        await channel.receive();
        await channel.send([ended, large]);
        await sent;
        await large.send('behind it');
        await channel.receive();
      });
      assert.is(await channel.receive(), 'used');
      await channel.send('go on');
      const [ended, large] = (await channel.receive()) as [Channel<string>, Channel<unknown>];
      const items: string[] = [];
      for await (const item of ended) items.push(item);
      assert.equal(items, ['a', 'b']);
      assert.is(((await large.receive()) as Uint8Array).length, 200_000);
      assert.is(await large.receive(), 'behind it');
      await channel.send('end');
      await channel.waitClose();
      large.close();
    },
  );

  tests.test('what it sends on channels that it never hands over is dropped', async (gateway) => {
    const active = (): number => Number(/(\d+) active/.exec(String(gateway))?.[1]);
    const before = active();
    for (let round = 0; round < 3; round++)
      await gateway
        .remoteExec(async (channel: Channel) => {
          for (let n = 0; n < 100; n++) await channel.gateway.newChannel<unknown, number>().send(n);
        })
        .waitClose();
    // those of a thread that lives on are closed when it collects them
    assert.ok(active() <= before + 300, String(gateway));
  });
}

function racing(tests: GatewayTests): void {
  tests.test(
    'items sent on a channel before the item that carries it is read are not lost',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<string | Channel<number>, number[]>) => {
        const go = await channel.receive();
        const inner = (await channel.receive()) as Channel<number>;
        const items: number[] = [];
        for await (const item of inner) items.push(item);
        await channel.send([go === 'go' ? items.length : -1]);
      });
      const inner = gateway.newChannel<never, number>();
      void channel.send('go');
      void channel.send(inner);
      for (let item = 0; item < 500; item++) void inner.send(item);
      inner.close();
      assert.equal(await channel.receive(), [500]);
      await channel.waitClose();
    },
  );

  tests.testBeside(
    'a channel used at once by its receiver, in whatever thread, loses no item',
    async (gateway) => {
      const ROUNDS = 300;
      const worker = async (channel: Channel<Channel<number, number> | null>) => {
        for await (const inner of channel) {
          if (inner === null) return;
          // the first words come from here, before the other end knows that the channel has arrived
          void inner.send(-1);
          void inner.send((await inner.receive()) * 2);
          void inner.send((await inner.receive()) * 2);
        }
      };
      const workers = [gateway.remoteExec(worker), gateway.remoteExec(worker)];
      await Promise.all(
        workers.map(async (channel) => {
          for (let round = 0; round < ROUNDS; round++) {
            const inner = gateway.newChannel<number, number>();
            void inner.send(round);
            void channel.send(inner);
            void inner.send(round + 1);
            assert.equal(
              [await inner.receive(), await inner.receive(), await inner.receive()],
              [-1, round * 2, round * 2 + 2],
            );
            inner.close();
          }
          await channel.send(null);
          await channel.waitClose();
        }),
      );
    },
  );
}

function refusing(tests: GatewayTests, fixture: GatewayFixture): void {
  tests.test('a closed channel can not be sent', async (gateway) => {
    const closed = gateway.newChannel();
    closed.close();
    const channel = gateway.remoteExec((channel: Channel) => channel.waitClose());
    const error = (await failureOf(channel.send({ closed }))) as DumpError;
    assert.instance(error, DumpError);
    assert.match(error.message, 'closed');
    assert.instance(await failureOf(() => gateway.remoteExec(() => {}, closed as never)), DumpError);
    channel.close();
  });

  tests.test('a channel that is sent to code which has ended meanwhile is closed', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<Channel, string>) => {
      channel.sendSync('ends');
      for (const end = Date.now() + 20; Date.now() < end; );
    });
    assert.is(await channel.receive(), 'ends');
    // here nothing is read meanwhile
    for (const end = Date.now() + 200; Date.now() < end; );
    // the end may have come together with the item
    if (channel.isClosed) return;
    const inner = gateway.newChannel();
    await channel.send(inner);
    assert.instance(await failureOf(inner.receive()), ChannelClosedError);
    await inner.waitClose();
  });

  tests.testWith(
    {},
    'so is one that is sent on what code got with its arguments, and has closed',
    async (gateway) => {
      const carrier = gateway.newChannel<never, Channel>();
      const channel = gateway.remoteExec((channel: Channel<never, string>, carrier: Channel) => {
        carrier.close();
        channel.sendSync('closed');
        channel.receiveSync();
      }, carrier);
      assert.is(await channel.receive(), 'closed');
      const inner = gateway.newChannel();
      // the end may have come with the item
      if (!carrier.isClosed) {
        await carrier.send(inner);
        assert.instance(await failureOf(inner.receive()), ChannelClosedError);
      }
      channel.cancel();
    },
  );

  tests.test('a channel that code sends to who has closed meanwhile is closed', async (gateway) => {
    const log = gateway.newChannel<string>();
    const channel = gateway.remoteExec(
      async (channel: Channel<never, string | Channel>, log: Channel<never, string>) => {
        channel.sendSync('begins');
        // here nothing is read meanwhile
        for (const end = Date.now() + 200; Date.now() < end; );
        const inner = channel.gateway.newChannel();
        await channel.send(inner);
        await log.send(await inner.receive().then(String, (error: { code: string }) => error.code));
      },
      log,
    );
    assert.is(await channel.receive(), 'begins');
    channel.close();
    assert.is(await log.receive(), 'ERR_EXECNET_CHANNEL_CLOSED');
  });

  tests.testWith({}, 'a channel of another gateway can not be sent', async (gateway) => {
    const other = await fixture.makeGateway();
    try {
      const foreign = other.newChannel();
      const channel = gateway.remoteExec((channel: Channel) => channel.waitClose());
      const error = (await failureOf(channel.send([foreign]))) as DumpError;
      assert.instance(error, DumpError);
      assert.match(error.message, other.id);
      assert.match(error.message, 'another gateway');
      assert.instance(await failureOf(() => gateway.remoteExec(() => {}, foreign as never)), DumpError);
      channel.close();
    } finally {
      await other.terminate();
    }
  });
}
