import {
  type Channel,
  ChannelClosedError,
  type Gateway,
  MultiChannel,
  type RemoteError,
  TimeoutError,
  type Wire,
} from '@execnet/core';
import * as assert from 'uvu/assert';
import { SelectedSuite, type Selection } from '../../selected-suite.ts';
import { failureOf } from '../gateway-tests.ts';
import type { PythonFixture } from './python-tests.ts';

const DOUBLE = 'for item in channel: channel.send(item * 2)';

/** Several channels to Python used as one, over two gateways. */
export function pythonMultiChannelSuite(
  name: string,
  fixture: Pick<PythonFixture, 'makeGateway' | keyof Selection>,
): void {
  const tests = new SelectedSuite(name, 'multi-channel', fixture);
  let gateways: Gateway[] = [];
  tests.before(async () => {
    gateways = await Promise.all([fixture.makeGateway(), fixture.makeGateway()]);
  });
  tests.after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.terminate()));
  });

  const everywhere = <Receive = number>(
    code: string,
  ): { all: MultiChannel<Wire<Receive>, number>; channels: Channel<Wire<Receive>, number>[] } => {
    const channels = gateways.map((gateway) => gateway.remoteExec<Receive, number>(code));
    return { all: new MultiChannel(channels), channels };
  };

  tests.test(
    'sendEach sends to every channel, receiveEach receives one item of each, and says where it came from',
    async () => {
      const { all, channels } = everywhere(DOUBLE);
      await all.sendEach(4);
      assert.equal(await all.receiveEach(), [8, 8]);
      await all.sendEach(3);
      const entries = await all.receiveEach({ withChannel: true });
      assert.ok(entries.every(({ channel, item }, n) => channel === channels[n] && item === 6));
      assert.instance(await failureOf(all.receiveEach({ timeout: 5 })), TimeoutError);
      all.close();
      await all.waitClose();
    },
  );

  tests.test('a receive queue brings the items of all channels, and each end marker', async () => {
    const { all, channels } = everywhere<number | string>('for item in range(50): channel.send(item)');
    const queue = all.makeReceiveQueue({ endMarker: 'end' });
    const received = new Map<unknown, unknown[]>(channels.map((channel) => [channel, []]));
    for await (const { channel, item } of queue) received.get(channel)?.push(item);
    const expected = [...Array.from({ length: 50 }, (_, item) => item), 'end'];
    assert.equal([...received.values()], [expected, expected]);
    assert.instance(await failureOf(queue.receive()), ChannelClosedError);
  });

  tests.test('waitClose rejects with the first error when all have closed', async () => {
    const { all } = everywhere('raise ValueError(str(channel.receive()))');
    await all.sendEach(7);
    const error = (await failureOf(all.waitClose())) as RemoteError;
    assert.is(error.remoteName, 'ValueError');
    assert.is(error.message, 'ValueError: 7');
    assert.ok([...all].every((channel) => channel.isClosed));
  });

  tests.run();
}
