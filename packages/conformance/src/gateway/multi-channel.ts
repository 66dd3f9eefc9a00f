import {
  type Channel,
  ChannelClosedError,
  type Gateway,
  MultiChannel,
  RemoteError,
  TimeoutError,
} from '@execnet/core';
import * as assert from 'uvu/assert';
import { SelectedSuite } from '../selected-suite.ts';
import { failureOf, type GatewayFixture } from './gateway-tests.ts';

/** Several channels used as one, over two gateways. */
export function multiChannelSuite(name: string, fixture: GatewayFixture): void {
  const tests = new SelectedSuite(name, 'multi-channel', fixture);
  let gateways: Gateway[] = [];
  tests.before(async () => {
    gateways = await Promise.all([fixture.makeGateway(), fixture.makeGateway()]);
  });
  tests.after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.terminate()));
  });

  const everywhere = <Receive, Send>(
    source: (channel: Channel<Receive, Send>) => unknown,
  ): { all: MultiChannel<Send, Receive>; first: Channel<Send, Receive>; second: Channel<Send, Receive> } => {
    const [first, second] = gateways.map((gateway) => gateway.remoteExec(source)) as [
      Channel<Send, Receive>,
      Channel<Send, Receive>,
    ];
    return { all: new MultiChannel([first, second]), first, second };
  };
  const doubling = async (channel: Channel<number, number>): Promise<void> => {
    for await (const item of channel) await channel.send(item * 2);
  };

  const ended = async (all: Pick<MultiChannel, 'close' | 'waitClose'>): Promise<void> => {
    all.close();
    await all.waitClose();
  };

  tests.test('it is the list of its channels', async () => {
    const { all, first, second } = everywhere(doubling);
    assert.is(all.size, 2);
    assert.equal(
      [...all].map(({ id }) => id),
      [first.id, second.id],
    );
    assert.ok([...all][0] === first && [...all][1] === second);
    assert.ok(all.has(first));
    assert.equal([all.at(0), all.at(-1), all.at(2)], [first, second, undefined]);
    assert.not(all.has(gateways[0]?.newChannel() as never));
    await ended(all);
  });

  tests.test(
    'sendEach sends to every channel, receiveEach receives one item of each in their order',
    async () => {
      const { all } = everywhere(doubling);
      await all.sendEach(4);
      assert.equal(await all.receiveEach(), [8, 8]);
      const [first, second] = all;
      void second?.send(2);
      void first?.send(1);
      assert.equal(await all.receiveEach({ withChannel: false }), [2, 4]);
      await ended(all);
    },
  );

  tests.test('receiveEach says where an item came from', async () => {
    const { all, first, second } = everywhere(doubling);
    await all.sendEach(3);
    const entries = await all.receiveEach({ withChannel: true });
    assert.ok(entries[0]?.channel === first && entries[1]?.channel === second);
    assert.equal(
      entries.map(({ item }) => item),
      [6, 6],
    );
    await ended(all);
  });

  tests.test('receiveEach takes a timeout', async () => {
    const { all } = everywhere(doubling);
    assert.instance(await failureOf(all.receiveEach({ timeout: 5 })), TimeoutError);
    await ended(all);
  });

  tests.test(
    'a receive queue brings the items of all channels with their channels, and each end marker',
    async () => {
      const { all, first, second } = everywhere((channel: Channel<never, number>) => {
        for (let item = 0; item < 50; item++) void channel.send(item);
      });
      const queue = all.makeReceiveQueue({ endMarker: 'end' });
      const received = new Map<unknown, unknown[]>([
        [first, []],
        [second, []],
      ]);
      for await (const { channel, item } of queue) received.get(channel)?.push(item);
      const expected = [...Array.from({ length: 50 }, (_, index) => index), 'end'];
      assert.equal([...received.values()], [expected, expected]);
      assert.instance(await failureOf(queue.receive()), ChannelClosedError);
      assert.is(queue.size, 0);
    },
  );

  tests.test('a receive queue without an end marker ends after the last item', async () => {
    const { all } = everywhere(async (channel: Channel<number, number>) => {
      await channel.send(await channel.receive());
    });
    const queue = all.makeReceiveQueue();
    assert.instance(await failureOf(queue.receive({ timeout: 5 })), TimeoutError);
    const first = queue.receive();
    const second = queue.receive();
    const third = failureOf(queue.receive());
    await all.sendEach(7);
    assert.equal([(await first).item, (await second).item], [7, 7]);
    assert.instance(await third, ChannelClosedError);
    for await (const entry of queue) assert.unreachable(String(entry));
  });

  tests.test('a queue whose channels failed, or were cancelled, does not look complete', async () => {
    const failing = everywhere(async (channel: Channel<never, number>) => {
      await channel.send(1);
      throw new RangeError('half done');
    }).all.makeReceiveQueue({ endMarker: 'end' });
    const items: unknown[] = [];
    const error = await failureOf(async () => {
      for await (const { item } of failing) items.push(item);
    });
    assert.match(error.message, 'RangeError: half done');
    assert.equal(
      [1, 'end'].map((one) => items.filter((item) => item === one).length),
      [2, 2],
    );
    assert.is(await failureOf(failing.receive()), error);
    const { all } = everywhere((channel: Channel<string>) => channel.receive());
    const cancelled = all.makeReceiveQueue();
    const waiting = failureOf(cancelled.receive());
    const reason = new Error('enough');
    all.cancel(reason);
    assert.is(await waiting, reason);
    await failureOf(all.waitClose());
  });

  tests.test('waitClose waits for every channel', async () => {
    const { all, second } = everywhere((channel: Channel<string>) => channel.receive());
    const closed = all.waitClose();
    await [...all][0]?.send('end');
    assert.instance(await failureOf(all.waitClose({ timeout: 5 })), TimeoutError);
    await second.send('end');
    await closed;
  });

  tests.test('waitClose rejects with the first error when all have closed', async () => {
    const { all, first, second } = everywhere(async (channel: Channel<string>) => {
      throw new RangeError(await channel.receive());
    });
    void second.send('of the second');
    await failureOf(second.waitClose());
    void first.send('of the first');
    const error = (await failureOf(all.waitClose())) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.message, 'RangeError: of the first');
    assert.ok(first.isClosed && second.isClosed);
  });

  tests.test('sendEach rejects when a channel is closed', async () => {
    const { all, second } = everywhere(doubling);
    second.close();
    assert.instance(await failureOf(all.sendEach(1)), ChannelClosedError);
    all.close();
    assert.ok([...all].every((channel) => channel.isClosed));
  });

  tests.test('an empty one receives nothing and ends at once', async () => {
    const none = new MultiChannel([]);
    await none.sendEach(1);
    assert.equal(await none.receiveEach(), []);
    await none.waitClose();
    for await (const entry of none.makeReceiveQueue()) assert.unreachable(String(entry));
  });

  tests.run();
}
