import type { Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests } from './gateway-tests.ts';

/** `for await (const item of channel)`. */
export function iterationSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'iteration', fixture);

  tests.test('iterating gives every item in order and ends when the execution has ended', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      for (let item = 0; item < 1000; item++) await channel.send(item);
    });
    const items: number[] = [];
    for await (const item of channel) items.push(item);
    assert.equal(
      items,
      Array.from({ length: 1000 }, (_, index) => index),
    );
  });

  tests.test('iterating over nothing ends', async (gateway) => {
    for await (const item of gateway.remoteExec(() => {})) assert.unreachable(String(item));
  });

  tests.test('iterating gives what was sent before a failure, and then throws it', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, number>) => {
      void channel.send(1);
      throw new RangeError('halfway');
    });
    const items: number[] = [];
    const error = await failureOf(async () => {
      for await (const item of channel) items.push(item);
    });
    assert.equal(items, [1]);
    assert.is((error as RemoteError).remoteName, 'RangeError');
  });

  tests.test('leaving the loop closes nothing and loses nothing', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, number | string>) => {
      for (let item = 0; item < 5; item++) await channel.send(item);
      await channel.send(`${await channel.receive()}, too`);
    });
    for await (const item of channel) if (item === 1) break;
    assert.is(channel.isClosed, false);
    assert.is(await channel.receive(), 2);
    const rest: unknown[] = [];
    for await (const item of channel) {
      rest.push(item);
      if (item === 4) void channel.send('the other direction');
    }
    assert.equal(rest, [3, 4, 'the other direction, too']);
  });

  tests.test('nor does code there that leaves one', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<number, number | string>) => {
      for await (const item of channel) if (item === 1) break;
      for (const item of channel.sync()) if (item === 3) break;
      await channel.send(`${channel.isClosed}`);
      await channel.send(await channel.receive());
      for await (const item of channel) await channel.send(item);
    });
    for (let item = 0; item < 7; item++) await channel.send(item);
    await channel.end();
    const rest: unknown[] = [];
    for await (const item of channel) rest.push(item);
    assert.equal(rest, ['false', 4, 5, 6]);
  });

  tests.test('two loops share the items', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      for (let item = 0; item < 100; item++) await channel.send(item);
    });
    const items: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const item of channel) items.push(item);
    };
    await Promise.all([loop(), loop()]);
    assert.equal(
      items.toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  tests.test('a loop ends when its own program closes the channel', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      await channel.send(1);
      await channel.waitClose();
    });
    const items: number[] = [];
    for await (const item of channel) {
      items.push(item);
      channel.close();
    }
    assert.equal(items, [1]);
  });

  tests.test('remote code iterates until the channel is closed here', async (gateway) => {
    const items = gateway.newChannel<never, number>();
    const sum = gateway.call(async (items: Channel<number>) => {
      let sum = 0;
      for await (const item of items) sum += item;
      return sum;
    }, items);
    for (let item = 1; item <= 100; item++) void items.send(item);
    items.close();
    assert.is(await sum, 5050);
  });

  tests.test('remote code that iterates fails when the channel is closed with an error', async (gateway) => {
    const items = gateway.newChannel<never, number>();
    const outcome = gateway.call(async (items: Channel<number>) => {
      const seen: unknown[] = [];
      try {
        for await (const item of items) seen.push(item);
      } catch (error) {
        seen.push((error as Error).name, (error as Error).message);
      }
      return seen;
    }, items);
    void items.send(1);
    items.close(new Error('broken off'));
    assert.equal(await outcome, [1, 'RemoteError', 'Error: broken off']);
  });

  tests.run();
}
