import { ChannelClosedError, type RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled } from '../gateway-tests.ts';
import { itemsOf, type PythonFixture, PythonTests } from './python-tests.ts';

/** `end()`: one direction of a channel ends, and the other goes on. */
export function pythonHalfClosedSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'half-closed channels', fixture);
  fromHere(tests);
  fromThere(tests);
  both(tests);
  tests.test('leaving an iteration closes nothing and loses nothing, at either end', async (gateway) => {
    const channel = gateway.remoteExec<number, number>(`
      for item in channel:
          if item == 1: break
      for item in channel:
          channel.send(item)
          if item == 4: break
      assert not channel.isclosed()
      for item in channel: channel.send(item)
    `);
    for (let item = 0; item < 8; item++) await channel.send(item);
    for await (const item of channel) if (item === 3) break;
    assert.is(channel.isClosed, false);
    await channel.send(8);
    await channel.end();
    assert.equal(await itemsOf(channel), [4, 5, 6, 7, 8]);
  });
  tests.run();
}

/** Counts the bytes that arrive, tells them when no more come, and how a further receive ends. */
const COUNT = `
total = 0
for item in channel:
    total += len(item)
channel.send(total)
try:
    channel.receive()
except EOFError:
    channel.send('EOFError')
channel.send(channel.isclosed())
`;

function fromHere(tests: PythonTests): void {
  tests.test('everything that was sent before arrives, then iterating there ends', async (gateway) => {
    for (const size of [1, 300_000]) {
      const channel = gateway.remoteExec<number | string | boolean, Uint8Array>(COUNT);
      for (let n = 0; n < 5; n++) void channel.send(new Uint8Array(size));
      await channel.end();
      assert.is(await channel.receive(), 5 * size);
      assert.is(await channel.receive(), 'EOFError');
      assert.is(await channel.receive(), false);
      await channel.waitClose();
    }
  });

  tests.test('a callback there is told the end', async (gateway) => {
    const log = gateway.newChannel<never, string>();
    const channel = gateway.remoteExec<unknown[], number>(
      `
      seen = []
      def call(item):
          seen.append(item)
          if item is None: channel.send(seen)
      channel.setcallback(call, endmarker=None)
      args.receive()
      `,
      log,
    );
    await channel.send(1);
    await channel.end();
    assert.equal(await channel.receive(), [1, null]);
    await log.send('seen');
    await channel.waitClose();
    log.close();
  });
}

function fromThere(tests: PythonTests): void {
  tests.test('code there ends what it sends, and goes on reading', async (gateway) => {
    const channel = gateway.remoteExec<number, string>(`
      for n in range(3):
          channel.send(n)
      channel.end()
      channel.end()
      try:
          channel.send(3)
      except IOError:
          pass
      else:
          raise ValueError('it was sent')
      if channel.receive() != 'go on':
          raise ValueError('something else')
      if channel.receive() != 'fail':
          raise ValueError('something else')
      raise KeyError('after the end')
    `);
    const items: number[] = [];
    for await (const item of channel) items.push(item);
    assert.equal(items, [0, 1, 2]);
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
    let over = false;
    const failed = failureOf(channel.waitClose()).finally(() => {
      over = true;
    });
    await channel.send('go on');
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    assert.is(over, false);
    await channel.send('fail');
    assert.is(((await failed) as RemoteError).remoteName, 'KeyError');
    assert.is(channel.isClosed, true);
  });

  tests.test('its end waits until what is sent before has left', async (gateway) => {
    const log = gateway.newChannel<string>();
    const channel = gateway.remoteExec<string>(
      `
      import threading, time
      thread = threading.Thread(target=lambda: channel.send('x' * 8000000))
      thread.start()
      while not channel._state.sending and thread.is_alive(): time.sleep(0.01)
      args.send('ends')
      channel.end()
      args.send('ended')
      thread.join()
    `,
      log,
    );
    assert.is(await log.receive(), 'ends');
    for (let round = 0; round < 20; round++) await gateway.remoteStatus();
    assert.is((await failureOf(log.receive({ timeout: 50 }))).code, 'ERR_EXECNET_TIMEOUT');
    assert.is((await channel.receive()).length, 8_000_000);
    assert.is(await log.receive(), 'ended');
    await channel.waitClose();
    log.close();
  });

  tests.test('the end comes behind an item that another thread sends', async (gateway) => {
    const channel = gateway.remoteExec<string, string>(`
      import threading, time
      thread = threading.Thread(target=lambda: channel.send('x' * 8000000))
      thread.start()
      while not channel._state.sending and thread.is_alive(): time.sleep(0.01)
      channel.end()
      thread.join()
    `);
    const sizes: number[] = [];
    for await (const item of channel) sizes.push(item.length);
    assert.equal(sizes, [8_000_000]);
    await channel.waitClose();
  });

  tests.test(
    'a channel that the other end has closed can not be ended; what was closed here can',
    async (gateway) => {
      const [items, own] = [gateway.newChannel(), gateway.newChannel()];
      const channel = gateway.remoteExec<string, string>(
        `
      items, own = args
      own.close()
      own.end()
      channel.send('ended')
      items.waitclose()
      try:
          items.end()
      except IOError:
          channel.send('IOError')
    `,
        [items, own],
      );
      assert.is(await channel.receive(), 'ended');
      items.close();
      assert.is(await channel.receive(), 'IOError');
      await channel.waitClose();
    },
  );
}

function both(tests: PythonTests): void {
  for (const first of ['here', 'there'] as const)
    tests.test(`a channel that both have ended is closed: first ${first}`, async (gateway) => {
      const items = gateway.newChannel<string, string>();
      const channel = gateway.remoteExec<boolean, never>(
        `
        items = args['items']
        items.send('from there')
        if args['first'] == 'there': items.end()
        channel.send(list(items) == ['from here'])
        if args['first'] == 'here': items.end()
        import time
        until = time.time() + 60
        while not items.isclosed() and time.time() < until: time.sleep(0.01)
        channel.send(items.isclosed())
      `,
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
