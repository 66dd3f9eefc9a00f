import { Channel, ChannelClosedError, RemoteError, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** Sending, receiving, waiting and closing. */
export function channelSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'channels', fixture);
  order(tests);
  waiting(tests);
  backpressure(tests);
  closing(tests);
  failing(tests);
  naming(tests);
  tests.run();
}

/** Sends back whatever arrives. */
const echo = async (channel: Channel<unknown, unknown>): Promise<void> => {
  for await (const item of channel) await channel.send(item);
};

function order(tests: GatewayTests): void {
  tests.test('sends that are not awaited keep their order, in both directions', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<number, number>) => {
      // two listeners of the same channel would share its items; this one sends without awaiting
      channel.setCallback((item) => void channel.send(item));
      return channel.waitClose();
    });
    const items = Array.from({ length: 5000 }, (_, index) => index);
    for (const item of items) void channel.send(item);
    const received: number[] = [];
    while (received.length < items.length) received.push(await channel.receive());
    assert.equal(received, items);
    channel.close();
  });

  tests.test('small and large items that are not awaited keep their order', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    const sizes = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 200_000 + index : index));
    for (const size of sizes) void channel.send(new Uint8Array(size));
    const received: number[] = [];
    while (received.length < sizes.length) received.push(((await channel.receive()) as Uint8Array).length);
    assert.equal(received, sizes);
    channel.close();
  });

  tests.test('concurrent receives get the items in the order of their calls', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    const received = Promise.all([channel.receive(), channel.receive(), channel.receive()]);
    for (const item of ['a', 'b', 'c']) void channel.send(item);
    assert.equal(await received, ['a', 'b', 'c']);
    channel.close();
  });

  tests.test('what is sent right before the end of an execution arrives', async (gateway) => {
    for (let round = 0; round < 20; round++) {
      const channel = gateway.remoteExec((channel: Channel<never, unknown>) => {
        for (let item = 0; item < 100; item++) void channel.send(item);
        void channel.send(new Uint8Array(300_000));
        void channel.send('last');
      });
      const received: unknown[] = [];
      for await (const item of channel) received.push(item instanceof Uint8Array ? item.length : item);
      assert.equal(received, [...Array.from({ length: 100 }, (_, index) => index), 300_000, 'last']);
    }
  });

  tests.testBeside('channels do not mix: each has its own order', async (gateway) => {
    const channels = Array.from({ length: 8 }, (_, index) =>
      gateway.remoteExec(async (channel: Channel<never, string>, name: number) => {
        for (let item = 0; item < 50; item++) await channel.send(`${name}:${item}`);
      }, index),
    );
    await Promise.all(
      channels.map(async (channel, index) => {
        const received: string[] = [];
        for await (const item of channel) received.push(item);
        assert.equal(
          received,
          Array.from({ length: 50 }, (_, item) => `${index}:${item}`),
        );
      }),
    );
  });

  tests.test('an item of 20 MiB arrives whole, in both directions', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, Uint8Array>) => {
      const item = await channel.receive();
      await channel.send(item.map((byte) => byte ^ 0xff));
    });
    const item = new Uint8Array(20 * 1024 * 1024).map((_, index) => (index * 31) >>> 7);
    await channel.send(item);
    const back = await channel.receive();
    assert.equal(
      Buffer.compare(
        back,
        item.map((byte) => byte ^ 0xff),
      ),
      0,
    );
    await channel.waitClose();
  });
}

function waiting(tests: GatewayTests): void {
  tests.test('receive with a timeout rejects when nothing came, and loses nothing', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    const error = await failureOf(channel.receive({ timeout: 20 }));
    assert.instance(error, TimeoutError);
    assert.instance(error, Channel.TimeoutError);
    assert.is(error.code, 'ERR_EXECNET_TIMEOUT');
    assert.match(error.message, '20 ms');
    await failureOf(channel.receive({ timeout: 0 }));
    await channel.send('one');
    await channel.send('two');
    assert.is(await channel.receive({ timeout: 20_000 }), 'one');
    assert.is(await channel.receive(), 'two');
    channel.close();
  });

  tests.test('receive with a signal rejects with its reason, and loses nothing', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const first = channel.receive({ signal: controller.signal });
    const second = channel.receive();
    controller.abort(reason);
    assert.is(await failureOf(first), reason);
    assert.is(await failureOf(channel.receive({ signal: AbortSignal.abort(reason) })), reason);
    void channel.send('one');
    assert.is(await second, 'one');
    assert.is(channel.isClosed, false);
    channel.close();
  });

  tests.test('a timeout that is none is a TypeError', async (gateway) => {
    const channel = gateway.newChannel();
    for (const timeout of [-1, Number.NaN, '10' as never]) {
      assert.instance(await failureOf(channel.receive({ timeout })), TypeError);
      assert.instance(await failureOf(channel.waitClose({ timeout })), TypeError);
    }
    channel.close();
  });

  tests.test(
    'waitClose resolves when the execution has ended, also when items wait to be received',
    async (gateway) => {
      const channel = gateway.remoteExec((channel: Channel<never, number>) => void channel.send(1));
      await channel.waitClose();
      await channel.waitClose();
      assert.is(await channel.receive(), 1);
      assert.instance(await failureOf(channel.receive()), ChannelClosedError);
    },
  );

  tests.test('waitClose takes a timeout and a signal', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    assert.instance(await failureOf(channel.waitClose({ timeout: 10 })), TimeoutError);
    const reason = new Error('enough');
    const controller = new AbortController();
    const wait = channel.waitClose({ signal: controller.signal });
    controller.abort(reason);
    assert.is(await failureOf(wait), reason);
    channel.close();
    await channel.waitClose();
  });

  tests.test('timeouts work the same in remote code', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, string>) => {
      const name = await channel.receive({ timeout: 5 }).catch((error) => error.name);
      await channel.send(name);
      const aborted = await channel
        .receive({ signal: AbortSignal.abort(new Error('remote reason')) })
        .catch((error) => error.message);
      await channel.send(aborted);
      await channel.send(await channel.receive({ timeout: 20_000 }));
    });
    assert.is(await channel.receive(), 'TimeoutError');
    assert.is(await channel.receive(), 'remote reason');
    await channel.send('not lost');
    assert.is(await channel.receive(), 'not lost');
    await channel.waitClose();
  });
}

function backpressure(tests: GatewayTests): void {
  const ITEMS = 64;

  tests.test(
    'a remote sender whose items nobody reads waits, and goes on when they are read',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, Uint8Array>, count: number) => {
        const counter = globalThis as { sentSoFar?: number };
        for (counter.sentSoFar = 0; counter.sentSoFar < count; counter.sentSoFar++)
          await channel.send(new Uint8Array(1024 * 1024));
      }, ITEMS);
      await channel.receive();
      // the counter is read where it is: executions beside this one may have another thread
      const status = await gateway.remoteStatus();
      assert.is(status.numExecuting, 1);
      assert.is(channel.isClosed, false);
      for (let item = 1; item < ITEMS; item++) assert.is((await channel.receive()).length, 1024 * 1024);
      await channel.waitClose();
    },
  );

  tests.test(
    'a local sender whose items nobody reads waits, and goes on when they are read',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<Uint8Array | string, number>) => {
        const control = (await channel.receive()) as unknown as Channel<string>;
        await control.receive();
        let bytes = 0;
        while (bytes < 64 * 1024 * 1024) bytes += (await channel.receive()).length;
        await channel.send(bytes);
      });
      const control = gateway.newChannel<never, string>();
      void channel.send(control as never);
      let sent = 0;
      const sending = (async () => {
        for (; sent < ITEMS; sent++) await channel.send(new Uint8Array(1024 * 1024));
      })();
      // as long as the other end answers, everything that it lets in would have got there
      for (let round = 0; round < 100; round++) await gateway.remoteStatus();
      assert.ok(sent < ITEMS, `${sent} of ${ITEMS} items left for a reader that does not read`);
      void control.send('go on');
      assert.is(await channel.receive(), 64 * 1024 * 1024);
      await sending;
      await channel.waitClose();
    },
  );
}

function closing(tests: GatewayTests): void {
  tests.test('close is idempotent, and then nothing can be sent or received', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    assert.is(channel.isClosed, false);
    channel.close();
    channel.close();
    assert.is(channel.isClosed, true);
    const sending = await failureOf(channel.send(1));
    assert.instance(sending, ChannelClosedError);
    assert.is(sending.code, 'ERR_EXECNET_CHANNEL_CLOSED');
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
    await channel.waitClose();
  });

  tests.test('items that arrived before the close can still be received', async (gateway) => {
    const progress = gateway.newChannel<string>();
    const channel = gateway.remoteExec(
      async (channel: Channel<never, number>, progress: Channel<unknown, string>) => {
        void channel.send(1);
        void channel.send(2);
        await progress.send('both have left');
        await channel.waitClose();
      },
      progress,
    );
    await progress.receive();
    channel.close();
    assert.is(await channel.receive(), 1);
    assert.is(await channel.receive(), 2);
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
    progress.close();
  });

  tests.test('items that were sent before the close arrive before it', async (gateway) => {
    const channel = gateway.newChannel<never, unknown>();
    const result = gateway.call(async (items: Channel<unknown>) => {
      const received: unknown[] = [];
      for await (const item of items) received.push(item instanceof Uint8Array ? item.length : item);
      return received;
    }, channel);
    for (let item = 0; item < 10; item++) void channel.send(item);
    void channel.send(new Uint8Array(500_000));
    channel.close();
    assert.equal(await result, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 500_000]);
  });

  tests.test(
    'items that wait at the close arrive, also when the other end sends and reads nothing yet',
    async (gateway) => {
      const channel = gateway.newChannel<Uint8Array, Uint8Array>();
      const result = gateway.call(async (given: Channel<Uint8Array, Uint8Array>) => {
        for (let round = 0; round < 4; round++) await given.send(new Uint8Array(2_000_000));
        let bytes = 0;
        for await (const item of given) bytes += item.length;
        return bytes;
      }, channel);
      await channel.receive();
      for (let round = 0; round < 4; round++) void channel.send(new Uint8Array(1_000_000));
      channel.close();
      assert.is(await result, 4_000_000);
    },
  );

  tests.test('closing with an error makes the other end fail with it', async (gateway) => {
    const channel = gateway.newChannel();
    const seen = gateway.call(async (given: Channel) => {
      const receiving = await given.receive().catch((error) => error);
      const waiting = await given.waitClose().catch((error) => error);
      const sending = await given.send(1).catch((error) => error);
      return [receiving, waiting, sending].map(({ name, remoteName, message }) => [
        name,
        remoteName,
        message,
      ]);
    }, channel);
    channel.close(new TypeError('not what I expected'));
    const expected = ['RemoteError', 'TypeError', 'TypeError: not what I expected'];
    assert.equal(await seen, [expected, expected, expected]);
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
  });

  tests.test('closing with a text makes it the message of the error', async (gateway) => {
    const channel = gateway.newChannel();
    const seen = gateway.call(
      async (given: Channel) =>
        given.receive().then(
          () => 'no error',
          (error: Error) => error.message,
        ),
      channel,
    );
    channel.close('a mere text');
    assert.is(await seen, 'a mere text');
  });

  tests.test('code that closes its channel is heard as closed, and goes on', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(
      async (channel: Channel<never, string>, log: Channel<string, string>) => {
        void channel.send('before');
        channel.close();
        const refused = await channel.send('after').catch((error) => error.name);
        await log.send(`${refused} ${channel.isClosed}`);
        await log.send(await log.receive());
      },
      log,
    );
    const received: string[] = [];
    for await (const item of channel) received.push(item);
    assert.equal(received, ['before']);
    assert.instance(await failureOf(channel.send('not heard' as never)), ChannelClosedError);
    assert.is(await log.receive(), 'ChannelClosedError true');
    void log.send('goes on');
    assert.is(await log.receive(), 'goes on');
    log.close();
  });

  tests.test('code that closes its channel with an error is heard to have failed', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel) => channel.close(new RangeError('too far')));
    const error = (await failureOf(channel.receive())) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteName, 'RangeError');
  });

  tests.test('sending to an execution that has ended is refused', async (gateway) => {
    const channel = gateway.remoteExec(() => {});
    await channel.waitClose();
    assert.instance(await failureOf(channel.send(1)), ChannelClosedError);
  });

  tests.test('a channel can be disposed of', async (gateway) => {
    const channel = gateway.remoteExec(echo);
    await channel[Symbol.asyncDispose]();
    assert.is(channel.isClosed, true);
  });
}

function failing(tests: GatewayTests): void {
  tests.test(
    'what was sent before a failure arrives before it, and then every wait rejects with it',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
        void channel.send(1);
        void channel.send(2);
        throw new RangeError('the end');
      });
      assert.is(await channel.receive(), 1);
      assert.is(await channel.receive(), 2);
      for (const wait of [
        () => channel.receive(),
        () => channel.receive(),
        () => channel.waitClose(),
        () => channel.send(1 as never),
      ]) {
        const error = (await failureOf(wait())) as RemoteError;
        assert.instance(error, RemoteError);
        assert.is(error.remoteName, 'RangeError');
      }
      assert.is(channel.isClosed, true);
    },
  );

  tests.test('a send that nobody awaits and that fails ends no program', async (gateway) => {
    const channel = gateway.remoteExec(() => {
      throw new Error('at once');
    });
    for (let round = 0; round < 10; round++) {
      void channel.send(round);
      void channel.send(new Uint8Array(1_000_000));
      await gateway.remoteStatus();
    }
    await failureOf(channel.waitClose());
  });
}

function naming(tests: GatewayTests): void {
  tests.test('channels of the local end have odd ids, those of the remote end even ones', async (gateway) => {
    assert.is(gateway.newChannel().id % 2, 1);
    const channel = gateway.remoteExec(async (channel: Channel<never, number[]>) => {
      await channel.send([channel.id]);
    });
    assert.equal(await channel.receive(), [channel.id]);
    await channel.waitClose();
  });

  tests.test('a channel says what it is', async (gateway) => {
    const channel = gateway.newChannel();
    assert.is(String(channel), `<Channel id=${channel.id} open>`);
    channel.close();
    assert.is(String(channel), `<Channel id=${channel.id} closed>`);
    const { inspect } = await import('node:util');
    assert.is(inspect(channel), `<Channel id=${channel.id} closed>`);
  });

  tests.test('both ends reach the classes of errors through Channel', async (gateway) => {
    assert.is(Channel.RemoteError, RemoteError);
    assert.is(Channel.TimeoutError, TimeoutError);
    const channel = gateway.remoteExec(async (channel: Channel<never, boolean>) => {
      const { TimeoutError } = channel.constructor as typeof Channel;
      await channel.send(
        await channel.receive({ timeout: 1 }).catch((error) => error instanceof TimeoutError),
      );
    });
    assert.is(await channel.receive(), true);
    await channel.waitClose();
  });
}
