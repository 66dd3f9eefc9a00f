import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Channel, ChannelClosedError, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import {
  failureOf,
  type GatewayFixture,
  GatewayTests,
  occupy,
  settled,
  stop,
  takeByCallback,
  warningsWhile,
} from './gateway-tests.ts';

/** Closing is not cancelling: everything that was sent arrives, and the execution goes on. What ends one is in `cancelling.ts`. */
export function closingSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'closing', fixture);
  fromHere(tests);
  whatIsSentBefore(tests);
  fromThere(tests);
  unheard(tests);
  failingCallbacks(tests);
  cancelledLater(tests);
  tests.run();
}

type Log = Channel<string, unknown>;

/** Tells the log what arrives, how that ends, and what can be sent then; and goes on until it is told to end. */
const telling = async (channel: Channel<Uint8Array, string>, log: Log): Promise<void> => {
  let bytes = 0;
  try {
    for await (const item of channel) bytes += item.length;
    await log.send(`all ${bytes}`);
  } catch (error) {
    await log.send(`${bytes}, then ${(error as Error).message.split('\n')[0]}`);
  }
  await log.send(await channel.send('anybody there?').catch((error: { code?: string }) => error.code));
  await log.receive();
  await log.send(channel.signal.aborted ? 'cancelled' : 'went on');
};

/** The execution that tells this log ends when it is told to, uncancelled. */
async function assertGoesOn(log: Channel<unknown, string>): Promise<void> {
  await log.send('go on');
  assert.is(await log.receive(), 'went on');
  log.close();
}

function fromHere(tests: GatewayTests): void {
  for (const size of [1, 300_000])
    tests.test(
      `what was sent before arrives, then iterating ends, and the execution goes on: items of ${size}`,
      async (gateway) => {
        const log = gateway.newChannel<unknown, string>();
        const channel = gateway.remoteExec(telling, log);
        for (let n = 0; n < 4; n++) await channel.send(new Uint8Array(size));
        for (let n = 0; n < 16; n++) void channel.send(new Uint8Array(size));
        channel.close();
        assert.is(channel.isClosed, true);
        await channel.waitClose();
        assert.instance(await failureOf(channel.send(new Uint8Array(1))), ChannelClosedError);
        assert.is(await log.receive(), `all ${20 * size}`);
        assert.is(await log.receive(), 'ERR_EXECNET_CHANNEL_CLOSED');
        const { numExecuting, numChannels } = await gateway.remoteStatus();
        assert.is(numExecuting, 1);
        assert.ok(numChannels >= 1);
        await assertGoesOn(log);
      },
    );

  tests.test('an error comes behind what was sent', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(telling, log);
    for (let n = 0; n < 3; n++) void channel.send(new Uint8Array(1000));
    channel.close(new RangeError('not needed any more'));
    assert.is(await log.receive(), '3000, then RangeError: not needed any more');
    await log.receive();
    await assertGoesOn(log);
  });

  tests.test('blocking calls see it, too', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec((channel: Channel<number, string>, log: Log) => {
      let sum = 0;
      for (const item of channel.sync()) sum += item;
      log.sendSync(sum);
      try {
        channel.sendSync('anybody there?');
      } catch (error) {
        log.sendSync((error as { code?: string }).code);
      }
    }, log);
    for (let n = 1; n <= 100; n++) void channel.send(n);
    channel.close();
    assert.is(await log.receive(), 5050);
    assert.is(await log.receive(), 'ERR_EXECNET_CHANNEL_CLOSED');
    log.close();
  });

  tests.test('a callback gets all of it, and the end', async (gateway) => {
    const log = gateway.newChannel<unknown[], never>();
    const channel = gateway.remoteExec(takeByCallback, log);
    for (let n = 0; n < 3; n++) void channel.send(n);
    channel.close();
    assert.equal(await log.receive(), [0, 1, 2, null]);
    log.close();
  });

  tests.test('what has arrived here can still be received; nobody waits any longer', async (gateway) => {
    const go = gateway.newChannel<never, string>();
    const channel = gateway.remoteExec(async (channel: Channel<never, number>, go: Channel<string>) => {
      for (let n = 0; n < 3; n++) await channel.send(n);
      await go.receive();
    }, go);
    assert.is(await channel.receive(), 0);
    await gateway.remoteStatus();
    const closed = channel.waitClose();
    channel.close();
    await closed;
    const rest: number[] = [];
    for await (const item of channel) rest.push(item);
    assert.equal(rest, [1, 2]);
    const waiting = gateway.newChannel();
    const failure = failureOf(waiting.receive());
    waiting.close();
    assert.instance(await failure, ChannelClosedError);
    await go.send('go');
  });

  tests.test('leaving an iteration closes nothing', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<string, number>) => {
      for (let n = 0; n < 3; n++) await channel.send(n);
      await channel.receive();
      await channel.send(3);
    });
    for await (const item of channel) if (item === 1) break;
    assert.is(channel.isClosed, false);
    await channel.send('go on');
    const rest: number[] = [];
    for await (const item of channel) rest.push(item);
    assert.equal(rest, [2, 3]);
  });
}

function whatIsSentBefore(tests: GatewayTests): void {
  const SIZE = 256 * 1024;

  tests.test('proxyClose closes behind the last byte, also for a slow reader', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array>, log: Log) => {
      let bytes = 0;
      for await (const item of channel) {
        if (bytes % (5 * item.length) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        bytes += item.length;
      }
      await log.send(bytes);
    }, log);
    const chunks = Readable.from(Array.from({ length: 80 }, () => Buffer.alloc(SIZE)));
    await pipeline(chunks, channel.makeFile('w', { proxyClose: true }));
    assert.is(channel.isClosed, true);
    assert.is(await log.receive(), 80 * SIZE);
    log.close();
  });

  tests.test('a pipeline that fails tells the other end, behind what was written', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(telling, log);
    const chunks = Readable.from(
      (function* () {
        yield Buffer.alloc(1000);
        throw new RangeError('the source is broken');
      })(),
    );
    const error = await failureOf(pipeline(chunks, channel.makeFile('w', { proxyClose: true })));
    assert.is(error.message, 'the source is broken');
    assert.is(await log.receive(), '1000, then RangeError: the source is broken');
    await log.receive();
    await assertGoesOn(log);
  });

  tests.test('an execution may end without having read it', async (gateway) => {
    const go = gateway.newChannel<never, string>();
    const channel = gateway.remoteExec(
      async (_: Channel<Uint8Array>, go: Channel<string>) => void (await go.receive()),
      go,
    );
    for (let n = 0; n < 20; n++) void channel.send(new Uint8Array(300_000));
    channel.close();
    await gateway.remoteStatus();
    await go.send('go');
    go.close();
    await settled(gateway);
    assert.is(await gateway.call(() => 'fine'), 'fine');
    // what can't leave any more is given up when the execution is over
    while (!String(gateway).includes(' 0 active channels')) await gateway.remoteStatus();
  });

  const unread = (channel: Channel<never, string>, fails: boolean): void => {
    for (let n = 0; n < 100; n++) void channel.send('x'.repeat(100_000));
    if (fails) throw new RangeError('behind what nobody reads');
  };

  tests.test('an execution is over although nobody reads what it has sent last', async (gateway) => {
    const reason = new Error('enough');
    for (const drop of ['cancel', 'close and cancel', 'dispose', 'close'] as const) {
      const channel = gateway.remoteExec(unread, false);
      await channel.receive();
      if (drop.startsWith('close')) channel.close();
      if (drop.endsWith('cancel')) {
        channel.cancel(reason);
        const failure = await channel.waitClose().catch((error: unknown) => error);
        // it may have been over before
        assert.ok(failure === undefined || failure === reason, String(failure));
      } else await stop(channel);
      await settled(gateway);
    }
    const warnings = await warningsWhile(async () => {
      const channel = gateway.remoteExec(unread, true);
      await channel.receive();
      channel.close();
    }, 1);
    assert.match(warnings[0] as string, 'behind what nobody reads');
  });

  tests.test(
    'what can not leave any more does not keep the other end waiting for the close',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel) => {
        await channel.waitClose().catch(() => {});
      });
      for (let n = 0; n < 20; n++) void channel.send('x'.repeat(100_000));
      await gateway.remoteStatus();
      channel.close();
      const reason = new Error('enough');
      channel.cancel(reason);
      assert.is(await failureOf(channel.waitClose()), reason);
    },
  );

  tests.test('what the other end is about to send neither arrives nor waits', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(async (channel: Channel<never, Uint8Array>, log: Log) => {
      const sending = channel.send(new Uint8Array(20_000_000));
      await log.send('sends');
      await sending.catch((error: { code?: string }) => log.send(error.code));
    }, log);
    assert.is(await log.receive(), 'sends');
    channel.close();
    assert.is(await log.receive(), 'ERR_EXECNET_CHANNEL_CLOSED');
    log.close();
  });

  tests.testWith(
    { threads: '1' },
    'an execution that waits for its turn still gets it, and everything that was sent',
    async (gateway) => {
      const busy = await occupy(gateway);
      const log = gateway.newChannel<unknown, string>();
      const channel = gateway.remoteExec(telling, log);
      for (let n = 0; n < 20; n++) void channel.send(new Uint8Array(1000));
      channel.close();
      await gateway.remoteStatus();
      await busy.end();
      assert.is(await log.receive(), 'all 20000');
      await log.receive();
      await assertGoesOn(log);
    },
  );
}

function fromThere(tests: GatewayTests): void {
  tests.test('closing a channel that was passed on cancels nothing', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const items = gateway.newChannel();
    const channel = gateway.remoteExec(
      async (channel: Channel<string>, { log, items }: { log: Log; items: Channel }) => {
        await log.send('waits');
        const name = await items.receive().catch((error) => error.name);
        await log.send(`${String(name)} ${channel.signal.aborted} ${items.signal.aborted}`);
        await log.send(await channel.receive());
      },
      { log: log, items },
    );
    assert.is(await log.receive(), 'waits');
    items.close();
    assert.is(await log.receive(), 'ChannelClosedError false false');
    await channel.send('goes on');
    assert.is(await log.receive(), 'goes on');
    await channel.waitClose();
  });

  tests.test('the signal of a local channel never fires', async (gateway) => {
    const channel = gateway.newChannel();
    const { signal } = channel;
    channel.close();
    assert.is(signal.aborted, false);
  });

  tests.test('code that closes its own channel goes on uncancelled', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec((channel: Channel, log: Channel<string, string>) => {
      channel.close();
      log.sendSync(`closed ${channel.signal.aborted}`);
      log.sendSync(log.receiveSync());
    }, log);
    await channel.waitClose();
    for (const failing of [channel.send(1), channel.end()])
      assert.instance(await failureOf(failing), ChannelClosedError);
    assert.is(await log.receive(), 'closed false');
    void log.send('still blocking as ever');
    assert.is(await log.receive(), 'still blocking as ever');
    log.close();
  });

  tests.test('closing after the channel was closed from there cancels nothing', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(async (channel: Channel, log: Channel<string, string>) => {
      channel.close();
      await log.send(`${await log.receive()} ${channel.signal.aborted}`);
    }, log);
    await channel.waitClose();
    channel.close();
    void log.send('after the close');
    assert.is(await log.receive(), 'after the close false');
    log.close();
  });
}

function unheard(tests: GatewayTests): void {
  tests.test('an execution that fails after the close is a warning, with its stack', async (gateway) => {
    const [warning] = await warningsWhile(async () => {
      const channel = gateway.remoteExec(async function fails(channel: Channel<number>) {
        for await (const item of channel) if (item === 2) break;
        throw new RangeError('nobody listens');
      });
      await channel.send(1);
      await channel.send(2);
      channel.close();
      await channel.waitClose();
    }, 1);
    assert.match(warning as string, `an execution of ${gateway.id}`);
    assert.match(warning as string, 'RangeError: nobody listens');
    assert.match(warning as string, /at .*fails/);
    assert.not.match(warning as string, 'local stack');
  });

  tests.test('one that ends because of the close has not failed', async (gateway) => {
    const [receiving, failing] = [0, 1].map(() =>
      gateway.remoteExec(async (channel: Channel) => void (await channel.receive())),
    ) as [Channel, Channel];
    const sending = gateway.remoteExec(async (channel: Channel<never, string>) => {
      for (;;) {
        await channel.send('item');
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const warnings = await warningsWhile(async () => {
      failing.close(new RangeError('not needed any more'));
      for (const channel of [receiving, sending]) channel.close();
      await settled(gateway);
      await gateway.remoteStatus();
    });
    assert.equal(warnings, []);
  });
}

function failingCallbacks(tests: GatewayTests): void {
  tests.test(
    'an execution whose items a callback has failed at goes on, and can be cancelled',
    async (gateway) => {
      const log = gateway.newChannel<string, unknown>();
      const channel = gateway.remoteExec(async (channel: Channel<never, number>, log: Log) => {
        await channel.send(1);
        await new Promise((resolve) => channel.signal.addEventListener('abort', resolve));
        await log.send('cancelled');
      }, log);
      const failure = new RangeError('a callback');
      channel.setCallback(() => {
        throw failure;
      });
      assert.is(await failureOf(channel.waitClose()), failure);
      assert.is((await gateway.remoteStatus()).numExecuting, 1);
      await stop(channel);
      assert.is(await log.receive(), 'cancelled');
      log.close();
    },
  );

  tests.test('what it fails with then is a warning', async (gateway) => {
    const [warning] = await warningsWhile(() => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
        await channel.send(1);
        await channel.waitClose().catch(() => {});
        throw new RangeError('nobody listens');
      });
      channel.setCallback(() => {
        throw new Error('a callback');
      });
    }, 1);
    assert.match(warning as string, 'RangeError: nobody listens');
  });

  tests.test(
    'a callback that fails at the last items of one that goes on fails the channel',
    async (gateway) => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>) => {
        await channel.send(1);
        await channel.end();
        await new Promise((resolve) => channel.signal.addEventListener('abort', resolve));
      });
      const failure = new RangeError('a callback');
      channel.setCallback(async () => {
        await gateway.remoteStatus();
        throw failure;
      });
      assert.is(await failureOf(channel.waitClose()), failure);
      await stop(channel);
      await settled(gateway);
    },
  );
}

function cancelledLater(tests: GatewayTests): void {
  /** Does not look at its channel until it is cancelled. */
  const deaf = async (channel: Channel<string, string>, log: Log): Promise<void> => {
    await log.send('begins');
    await new Promise((resolve) => channel.signal.addEventListener('abort', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await log.send('cleaned up');
  };

  tests.test('what was closed can still be cancelled', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(deaf, log);
    assert.is(await log.receive(), 'begins');
    channel.close();
    await channel.waitClose();
    const reason = new RangeError('enough');
    channel.cancel(reason);
    const failing = [channel.receive(), channel.send('late'), channel.waitClose()];
    for (const failure of failing) assert.is(await failureOf(failure), reason);
    assert.is(await log.receive(), 'cleaned up');
    log.close();
  });

  tests.test('by the signal that was given, too, and by leaving the scope', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const controller = new AbortController();
    const channel = gateway.remoteExec(deaf, log, { signal: controller.signal });
    assert.is(await log.receive(), 'begins');
    channel.close();
    controller.abort();
    assert.is(await failureOf(channel.waitClose()), controller.signal.reason);
    assert.is(await log.receive(), 'cleaned up');
    const other = gateway.newChannel<unknown, string>();
    const scoped = gateway.remoteExec(deaf, other);
    assert.is(await other.receive(), 'begins');
    scoped.close();
    await stop(scoped);
    assert.is(await other.receive(), 'cleaned up');
  });

  tests.test('what a cancelled execution fails with is told also after a close', async (gateway) => {
    const channel = gateway.remoteExec(async (channel: Channel<never, string>) => {
      await channel.send('begins');
      await new Promise((resolve) => channel.signal.addEventListener('abort', resolve));
      throw new RangeError('can not clean up');
    });
    assert.is(await channel.receive(), 'begins');
    channel.close();
    channel.cancel();
    const error = await failureOf(channel.waitClose());
    assert.instance(error, RemoteError);
    assert.match(error.message, 'can not clean up');
  });
}
