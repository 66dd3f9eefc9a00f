import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Channel, ChannelClosedError, ConnectionLostError, type RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import {
  failureOf,
  type GatewayFixture,
  GatewayTests,
  settled,
  stop,
  takeByCallback,
} from './gateway-tests.ts';

/** `end()`: one direction of a channel ends, and the other goes on. */
export function halfClosedSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'half-closed channels', fixture);
  fromHere(tests);
  fromThere(tests);
  both(tests);
  failing(tests);
  streams(tests);
  tests.run();
}

/** Counts the bytes that arrive, tells them when no more come, and how a further receive ends. */
const count = async (channel: Channel<Uint8Array, unknown>): Promise<void> => {
  let bytes = 0;
  for await (const item of channel) bytes += item.length;
  await channel.send(bytes);
  const error = await channel.receive().then(
    () => undefined,
    (error: { code?: string }) => error,
  );
  await channel.send(error?.code);
  await channel.send(channel.isClosed);
};

function fromHere(tests: GatewayTests): void {
  tests.test('everything that was sent before arrives, then iterating there ends', async (gateway) => {
    for (const size of [1, 300_000]) {
      const channel = gateway.remoteExec(count);
      for (let n = 0; n < 5; n++) void channel.send(new Uint8Array(size));
      await channel.end();
      assert.is(await channel.receive(), 5 * size);
      assert.is(await channel.receive(), 'ERR_EXECNET_CHANNEL_CLOSED');
      assert.is(await channel.receive(), false);
      await channel.waitClose();
    }
  });

  tests.test('blocking calls there see the end, too', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<number, unknown>) => {
      let sum = 0;
      for (const item of channel.sync()) sum += item;
      channel.sendSync(sum);
    });
    for (let n = 1; n <= 100; n++) void channel.send(n);
    void channel.end();
    assert.is(await channel.receive(), 5050);
    await channel.waitClose();
  });

  tests.test('a callback there is told the end', async (gateway) => {
    const channel = gateway.remoteExec(takeByCallback);
    await channel.send(1);
    await channel.send(2);
    await channel.end();
    assert.equal(await channel.receive(), [1, 2, null]);
    await channel.waitClose();
  });

  tests.test('nothing can be sent afterwards, and ending again is no error', async (gateway) => {
    const channel = gateway.remoteExec(count);
    await channel.end();
    const error = await failureOf(channel.send(new Uint8Array(1)));
    assert.instance(error, ChannelClosedError);
    assert.match(error.message, 'end()');
    await channel.end();
    assert.is(await channel.receive(), 0);
    channel.close();
  });

  tests.test('it resolves when everything has left', async (gateway) => {
    const go = gateway.newChannel<never, string>();
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, number>, go: Channel<string>) => {
      await go.receive();
      let bytes = 0;
      for await (const item of channel) bytes += item.length;
      await channel.send(bytes);
    }, go);
    for (let n = 0; n < 40; n++) void channel.send(new Uint8Array(200_000));
    let ended = false;
    const end = channel.end().then(() => {
      ended = true;
    });
    await gateway.remoteStatus();
    await gateway.remoteStatus();
    assert.is(ended, false);
    await go.send('go');
    await end;
    assert.is(await channel.receive(), 8_000_000);
    await channel.waitClose();
  });

  tests.test('a channel may be ended before it is sent', async (gateway) => {
    const items = gateway.newChannel<never, number>();
    void items.send(1);
    void items.send(2);
    void items.end();
    const seen = await gateway.call(async (items: Channel<number>) => {
      const seen: number[] = [];
      for await (const item of items) seen.push(item);
      return seen;
    }, items);
    assert.equal(seen, [1, 2]);
  });
}

function fromThere(tests: GatewayTests): void {
  tests.test('so does that of code there, and what it sent before arrives', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const code = async (
      channel: Channel<never, Uint8Array>,
      { log, way }: { log: Channel<string, string>; way: 'end' | 'close' },
    ): Promise<void> => {
      for (let n = 0; n < 8; n++) void channel.send(new Uint8Array(1024 * 1024));
      let over = false;
      const ended = way === 'end' ? channel.end() : channel.close(new RangeError('behind it'));
      void ended?.then(() => {
        over = true;
      });
      await log.send('asked');
      await log.receive();
      await log.send(String(over));
      await ended;
      await log.send('over');
    };
    for (const way of ['end', 'close'] as const) {
      const channel = gateway.remoteExec(code, { log, way });
      assert.is(await log.receive(), 'asked');
      await log.send('look');
      assert.is(await log.receive(), 'false');
      let size = 0;
      const read = async (): Promise<void> => {
        for await (const { length } of channel) size += length;
      };
      if (way === 'end') await read();
      else assert.match((await failureOf(read())).message, 'behind it');
      assert.is(size, 8 * 1024 * 1024);
      assert.is(await log.receive(), 'over');
      await channel.waitClose().catch(() => {});
    }
    log.close();
  });

  tests.test('code there ends what it sends, and goes on reading', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, number>) => {
      for (let n = 0; n < 3; n++) void channel.send(n);
      await channel.end();
      if ((await channel.receive()) !== 'go on') throw new Error('something else');
      await channel.send(3).then(
        () => {
          throw new Error('it was sent');
        },
        () => {},
      );
    });
    const items: number[] = [];
    for await (const item of channel) items.push(item);
    assert.equal(items, [0, 1, 2]);
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
    assert.is(channel.isClosed, false);
    let over = false;
    const closed = channel.waitClose().then(() => {
      over = true;
    });
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    assert.is(over, false);
    await channel.send('go on');
    await closed;
    assert.is(channel.isClosed, true);
  });

  for (const [when, waits] of [
    ['that is waited for', true],
    ['later', false],
  ] as const)
    tests.test(`waitClose tells how code failed that had ended its channel, ${when}`, async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<string, number>) => {
        await channel.end();
        await channel.receive();
        throw new RangeError('after the end');
      });
      for await (const item of channel) assert.unreachable(String(item));
      const waiting = waits ? failureOf(channel.waitClose()) : undefined;
      await channel.send('fail');
      if (!waits) await settled(gateway);
      const error = (await (waiting ?? failureOf(channel.waitClose()))) as RemoteError;
      assert.is(error.remoteName, 'RangeError');
      assert.is(channel.isClosed, true);
    });

  tests.test('an execution that has ended its channel can still be cancelled', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
      await channel.end();
      await new Promise((resolve) => channel.signal.addEventListener('abort', resolve));
    });
    for await (const item of channel) assert.unreachable(String(item));
    await stop(channel);
    await settled(gateway);
  });
}

function both(tests: GatewayTests): void {
  for (const first of ['here', 'there'] as const)
    tests.test(`a channel that both have ended is closed: first ${first}`, async (gateway) => {
      const items = gateway.newChannel<string, string>();
      const channel = gateway.remoteExec(
        async (
          channel: Channel<never, boolean>,
          { items, first }: { items: Channel<string, string>; first: string },
        ) => {
          await items.send('from there');
          if (first === 'there') await items.end();
          const seen: string[] = [];
          for await (const item of items) seen.push(item);
          if (first === 'here') await items.end();
          await channel.send(seen.join() === 'from here');
          await items.waitClose();
          await channel.send(items.isClosed);
        },
        { items: items, first },
      );
      await items.send('from here');
      if (first === 'here') await items.end();
      const seen: string[] = [];
      for await (const item of items) seen.push(item);
      if (first === 'there') await items.end();
      assert.equal(seen, ['from there']);
      assert.is(await channel.receive(), true);
      assert.is(await channel.receive(), true);
      await items.waitClose();
      await channel.waitClose();
      assert.is(items.isClosed, true);
      await settled(gateway);
    });
}

function failing(tests: GatewayTests): void {
  tests.test('it rejects where nothing can arrive any more, and nobody has to look', async (gateway) => {
    const channel = gateway.remoteExec(() => {
      throw new RangeError('at once');
    });
    await failureOf(channel.waitClose());
    assert.is(((await failureOf(channel.end())) as RemoteError).remoteName, 'RangeError');
    void channel.end();
    const closed = gateway.newChannel();
    closed.close();
    await closed.end();
  });

  tests.testWith({}, 'it rejects when the connection is lost before everything has left', async (gateway) => {
    const channel = gateway.remoteExec(() => new Promise(() => {}));
    void channel.send(new Uint8Array(20_000_000));
    const failed = failureOf(channel.end());
    await gateway.terminate({ timeout: 100 });
    assert.instance(await failed, ConnectionLostError);
  });
}

function streams(tests: GatewayTests): void {
  const SIZE = 256 * 1024;
  const chunks = (): Readable => Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(SIZE)));

  tests.test('a pipeline into a file ends it, and all of it arrives', async (gateway) => {
    const channel = gateway.remoteExec(count);
    await pipeline(chunks(), channel.makeFile('w'));
    assert.is(await channel.receive(), 40 * SIZE);
    channel.close();
  });

  tests.test('code may end a file last, and not wait for that', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<never, string>) => {
      channel.makeFile('w').end('all of it');
    });
    let text = '';
    for await (const part of channel) text += part;
    assert.is(text, 'all of it');
    await channel.waitClose();
    assert.is(await gateway.call(() => 42), 42);
  });

  tests.test('so does pipeTo into writable', async (gateway) => {
    const channel = gateway.remoteExec(count);
    await (Readable.toWeb(chunks()) as ReadableStream<Buffer>).pipeTo(channel.writable);
    assert.is(await channel.receive(), 40 * SIZE);
    channel.close();
  });

  tests.test('a pipeline fails where its end can not arrive', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array>) => {
      await channel.receive();
      throw new RangeError('enough');
    });
    const error = (await failureOf(pipeline(chunks(), channel.makeFile('w')))) as RemoteError;
    assert.is(error.remoteName, 'RangeError');
  });
}
