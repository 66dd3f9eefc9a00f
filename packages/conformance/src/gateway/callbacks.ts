import { type Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, settled, warningsWhile } from './gateway-tests.ts';

/** `setCallback`. */
export function callbackSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'callbacks', fixture);
  delivering(tests);
  pacing(tests);
  failing(tests);
  tests.run();
}

const counting = async (channel: Channel<never, number>, count: number): Promise<void> => {
  for (let item = 0; item < count; item++) await channel.send(item);
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Resolves when `tell` has been called. */
function event(): { readonly told: Promise<void>; tell(): void } {
  let tell!: () => void;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { told, tell };
}

function delivering(tests: GatewayTests): void {
  tests.test('a callback gets every item in order, then the end marker, once', async (gateway) => {
    const channel = gateway.remoteExec(counting, 100);
    const received: unknown[] = [];
    const end = event();
    channel.setCallback(
      (item) => {
        received.push(item);
        if (item === 'end') end.tell();
      },
      { endMarker: 'end' },
    );
    await end.told;
    await channel.waitClose();
    assert.equal(received, [...upTo(100), 'end']);
  });

  tests.test(
    'a callback gets the items that wait already, also those of a channel that has ended',
    async (gateway) => {
      const channel = gateway.remoteExec(counting, 5);
      await channel.waitClose();
      assert.is(await channel.receive(), 0);
      const received: unknown[] = [];
      channel.setCallback((item) => received.push(item), { endMarker: undefined });
      assert.equal(received, [1, 2, 3, 4, undefined]);
    },
  );

  tests.test('without an end marker the end is not told', async (gateway) => {
    const channel = gateway.remoteExec(counting, 3);
    const received: unknown[] = [];
    channel.setCallback((item) => void received.push(item));
    await channel.waitClose();
    await gateway.remoteStatus();
    assert.equal(received, [0, 1, 2]);
  });

  tests.test(
    'the end marker comes after an error as well, and the error is told by waitClose',
    async (gateway) => {
      const channel = gateway.remoteExec((channel: Channel<never, number>) => {
        void channel.send(1);
        throw new RangeError('broken');
      });
      const received: unknown[] = [];
      const end = event();
      channel.setCallback(
        (item) => {
          received.push(item);
          if (item === null) end.tell();
        },
        { endMarker: null },
      );
      await end.told;
      assert.equal(received, [1, null]);
      assert.is(((await failureOf(channel.waitClose())) as RemoteError).remoteName, 'RangeError');
    },
  );

  tests.test('with a callback there is no receive, no iteration and no second callback', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel) => channel.waitClose());
    channel.setCallback(() => {});
    for (const use of [
      () => channel.receive(),
      () => channel[Symbol.asyncIterator]().next(),
      () => channel.setCallback(() => {}),
    ]) {
      assert.is((await failureOf(use)).code, 'ERR_EXECNET_HAS_CALLBACK');
    }
    channel.close();
  });

  tests.test('a callback that is no function is a TypeError', async (gateway) => {
    const channel = gateway.newChannel();
    assert.instance(await failureOf(() => channel.setCallback('receive' as never)), TypeError);
    channel.close();
  });

  tests.test('callbacks work in remote code', async (gateway) => {
    const channel = gateway.remoteExec((channel: Channel<number, number | string>) => {
      return new Promise<void>((resolve) => {
        channel.setCallback(
          (item) => {
            if (item !== 'end') {
              void channel.send(item * 2);
              return;
            }
            resolve();
          },
          { endMarker: 'end' },
        );
      });
    });
    for (const item of upTo(50)) void channel.send(item);
    for (const item of upTo(50)) assert.is(await channel.receive(), item * 2);
    channel.close();
  });

  tests.test(
    'a callback that code leaves behind on a channel goes on after the code has ended',
    async (gateway) => {
      const requests = gateway.newChannel<number, number>();
      await gateway.call((requests: Channel<number, number>) => {
        requests.setCallback((item) => void requests.send(item + 1));
      }, requests);
      void requests.send(1);
      assert.is(await requests.receive(), 2);
      void requests.send(2);
      assert.is(await requests.receive(), 3);
      requests.close();
    },
  );
}

function pacing(tests: GatewayTests): void {
  tests.test('an async callback is awaited before the next item', async (gateway) => {
    const channel = gateway.remoteExec(counting, 20);
    const log: string[] = [];
    const end = event();
    channel.setCallback(
      async (item) => {
        if (item === 'end') return end.tell();
        log.push(`begin ${item}`);
        await gateway.remoteStatus();
        log.push(`end ${item}`);
      },
      { endMarker: 'end' },
    );
    await end.told;
    assert.equal(
      log,
      upTo(20).flatMap((item) => [`begin ${item}`, `end ${item}`]),
    );
  });

  tests.testBeside('a slow callback stalls its own channel and no other', async (gateway) => {
    const stalled = gateway.remoteExec(async (channel: Channel<never, Uint8Array>) => {
      for (let item = 0; item < 32; item++) await channel.send(new Uint8Array(512 * 1024).fill(item));
    });
    const hold = event();
    const entered = event();
    const end = event();
    const received: number[] = [];
    stalled.setCallback(
      async (item) => {
        if (typeof item === 'string') return end.tell();
        received.push(item[0] as number);
        entered.tell();
        await hold.told;
      },
      { endMarker: 'end' },
    );
    await entered.told;
    const other = gateway.remoteExec(counting, 1000);
    const items: number[] = [];
    for await (const item of other) items.push(item);
    assert.equal(items, upTo(1000));
    const bulk = await gateway.call(() => new Uint8Array(8 * 1024 * 1024));
    assert.is(bulk.length, 8 * 1024 * 1024);
    assert.equal(received, [0]);
    assert.is(stalled.isClosed, false);
    hold.tell();
    await end.told;
    assert.equal(received, upTo(32));
  });
}

function badItem(): never {
  throw new TypeError('bad item');
}

function failing(tests: GatewayTests): void {
  for (const [kind, fail] of [
    ['throws', badItem],
    ['rejects', () => Promise.reject(new TypeError('bad item'))],
    ['gives what fails when it is looked at', () => new Proxy({}, { get: badItem })],
    ['gives what fails when it is waited for', () => new Proxy({}, { get: () => badItem })],
  ] as const) {
    tests.test(
      `a callback that ${kind} closes its channel with that error, at both ends`,
      async (gateway) => {
        const log = gateway.newChannel<string[]>();
        const channel = gateway.remoteExec(
          async (channel: Channel<never, number>, log: Channel<unknown, string[]>) => {
            await channel.send(1);
            const error = await channel.waitClose().catch((error) => error);
            await log.send([error.name, error.remoteName, error.message]);
          },
          log,
        );
        channel.setCallback(fail);
        const error = await failureOf(channel.waitClose());
        assert.instance(error, TypeError);
        assert.is(error.message, 'bad item');
        assert.equal(await log.receive(), ['RemoteError', 'TypeError', 'TypeError: bad item']);
        assert.is(channel.isClosed, true);
        log.close();
      },
    );
  }

  tests.test('a callback of remote code that throws fails the channel here', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<number>) => {
      channel.setCallback(() => {
        throw new RangeError('remote callback');
      });
      await channel.waitClose().catch(() => {});
    });
    void channel.send(1);
    const error = (await failureOf(channel.receive())) as RemoteError;
    assert.instance(error, RemoteError);
    assert.is(error.remoteMessage, 'remote callback');
  });

  for (const [kind, text] of Object.entries(ODD_RESULTS))
    tests.test(`what remote code gives may be ${kind}`, async (gateway) => {
      const result = `(() => { ${text} })()`;
      const called = gateway.remoteExec<never, number>(
        `channel.setCallback(() => ${result}, { endMarker: 0 }); await channel.waitClose()`,
      );
      await called.send(1);
      await called.end();
      // it fails where it is looked at, and is no promise otherwise
      const failure = called.waitClose().catch((error) => error);
      called.close();
      assert.ok(
        [undefined, 'ERR_EXECNET_REMOTE', 'ERR_EXECNET_CHANNEL_CLOSED'].includes((await failure)?.code),
      );
      for (const run of [`return ${result}`, `await null; return ${result}`])
        await gateway
          .remoteExec(run)
          .waitClose()
          .catch((error) => assert.is(error.code, 'ERR_EXECNET_REMOTE'));
      await settled(gateway);
    });

  for (const kind of ['throws', 'rejects'])
    tests.test(`a callback that ${kind} at its end marker warns`, async (gateway) => {
      const [warning] = await warningsWhile(async () => {
        const channel = gateway.remoteExec('channel.sendSync(1)');
        channel.setCallback(
          (item) => {
            if (item !== 'end') return undefined;
            if (kind === 'throws') throw new TypeError('bad end');
            return Promise.reject(new TypeError('bad end'));
          },
          { endMarker: 'end' },
        );
        await channel.waitClose();
      }, 1);
      assert.match(warning ?? '', /failed at its end marker.*bad end/s);
      assert.is(await gateway.call(() => 42), 42);
    });
}

/** Results of functions that are neither data nor promises. As text. */
const ODD_RESULTS: Readonly<Record<string, string>> = {
  'a proxy that fails': `return new Proxy({}, { get(target, key) {
    if (key !== 'then') throw new Error('no ' + String(key));
  } })`,
  'a proxy that was revoked':
    'const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy',
  'a promise that settles twice':
    "return { then(resolve, reject) { resolve(1); reject(new Error('late')); throw new Error('later'); } }",
  'an object without a tag': "return { get [Symbol.toStringTag]() { throw new Error('no tag'); } }",
};
