import { ChannelClosedError, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled, stop, warningsWhile } from '../gateway-tests.ts';
import { type PythonFixture, PythonTests } from './python-tests.ts';

/** Closing is not cancelling: everything that was sent arrives, and the execution goes on. What ends one is in `cancelling.ts`. */
export function pythonClosingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'closing', fixture);
  fromHere(tests);
  fromThere(tests);
  closedWithAnError(tests);
  unheard(tests);
  cancelledLater(tests);
  tests.run();
}

/** Tells `args` what arrives, how that ends, and what can be sent then; and goes on until it is told to end. */
const TELLING = `
total = 0
try:
    for item in channel:
        total += len(item)
    args.send('all %d' % total)
except channel.RemoteError as error:
    args.send('%d, then %s' % (total, str(error).splitlines()[0]))
try:
    channel.send('anybody there?')
except (IOError, channel.RemoteError) as error:
    args.send(type(error).__name__)
args.receive()
args.send('went on')
`;

function fromHere(tests: PythonTests): void {
  for (const size of [1, 300_000])
    tests.test(
      `what was sent before arrives, then iterating ends, and the execution goes on: items of ${size}`,
      async (gateway) => {
        const log = gateway.newChannel<string, string>();
        const channel = gateway.remoteExec<never, Uint8Array>(TELLING, log);
        for (let n = 0; n < 4; n++) await channel.send(new Uint8Array(size));
        for (let n = 0; n < 16; n++) void channel.send(new Uint8Array(size));
        channel.close();
        await channel.waitClose();
        assert.instance(await failureOf(channel.send(new Uint8Array(1))), ChannelClosedError);
        assert.is(await log.receive(), `all ${20 * size}`);
        assert.is(await log.receive(), 'SendClosed');
        const { numExecuting, numChannels } = await gateway.remoteStatus();
        assert.is(numExecuting, 1);
        assert.ok(numChannels >= 2);
        await log.send('go on');
        assert.is(await log.receive(), 'went on');
        log.close();
      },
    );

  tests.test('an error comes behind what was sent', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec<never, Uint8Array>(TELLING, log);
    for (let n = 0; n < 3; n++) void channel.send(new Uint8Array(1000));
    channel.close(new RangeError('not needed any more'));
    assert.is(await log.receive(), '3000, then RangeError: not needed any more');
    assert.is(await log.receive(), 'RemoteError');
    await log.send('go on');
    assert.is(await log.receive(), 'went on');
    log.close();
  });

  tests.test('a callback gets all of it, and the end', async (gateway) => {
    const log = gateway.newChannel<unknown[], string>();
    const channel = gateway.remoteExec<never, number>(
      `
        seen = []
        def call(item):
            seen.append(item)
            if item is None: args.send(seen)
        channel.setcallback(call, endmarker=None)
        args.receive()
      `,
      log,
    );
    for (let n = 0; n < 3; n++) void channel.send(n);
    channel.close();
    assert.equal(await log.receive(), [0, 1, 2, null]);
    await log.send('seen');
    log.close();
  });

  tests.test('what the other end is about to send neither arrives nor waits', async (gateway) => {
    const log = gateway.newChannel<string>();
    const channel = gateway.remoteExec(
      `
        args.send('sends')
        try:
            channel.send(bytearray(20000000))
        except IOError:
            args.send('IOError')
      `,
      log,
    );
    assert.is(await log.receive(), 'sends');
    await gateway.remoteStatus();
    channel.close();
    assert.is(await log.receive(), 'IOError');
    log.close();
  });

  tests.test('closing a channel that was passed on cancels nothing', async (gateway) => {
    const items = gateway.newChannel();
    const channel = gateway.remoteExec<string, string>(
      `
        channel.send('begins')
        try:
            args.receive()
        except EOFError:
            channel.send('EOFError')
        channel.send(channel.receive())
      `,
      items,
    );
    assert.is(await channel.receive(), 'begins');
    items.close();
    assert.is(await channel.receive(), 'EOFError');
    await channel.send('goes on');
    assert.is(await channel.receive(), 'goes on');
    await channel.waitClose();
  });
}

function fromThere(tests: PythonTests): void {
  tests.test('code that closes its own channel goes on uncancelled', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec('channel.close()\nargs.send(args.receive())', log);
    await channel.waitClose();
    for (const failing of [channel.send(1), channel.end()])
      assert.instance(await failureOf(failing), ChannelClosedError);
    void log.send('still blocking as ever');
    assert.is(await log.receive(), 'still blocking as ever');
    log.close();
  });

  tests.test(
    'everything that code sent before its own close arrives, then iterating ends',
    async (gateway) => {
      const channel = gateway.remoteExec<Uint8Array>(`
      for n in range(20):
          channel.send(bytearray(100000))
      channel.close()
    `);
      let total = 0;
      for await (const item of channel) total += item.length;
      assert.is(total, 2_000_000);
    },
  );
}

function closedWithAnError(tests: PythonTests): void {
  for (const [what, error, told] of [
    ['a text', "'not needed'", /^not needed$/],
    ['an exception', "KeyError('no such job')", /^KeyError: 'no such job'$/],
  ] as const)
    tests.test(`${what} that code closes with comes behind what it has sent`, async (gateway) => {
      const log = gateway.newChannel<string, string>();
      const channel = gateway.remoteExec<Uint8Array>(
        `
      for size in (1, 70000, 3000000):
          channel.send(bytearray(size))
      channel.close(${error})
      args.send(args.receive())
    `,
        log,
      );
      const sizes: number[] = [];
      const closed = await failureOf(
        (async () => {
          for await (const { length } of channel) sizes.push(length);
        })(),
      );
      assert.equal(sizes, [1, 70_000, 3_000_000]);
      assert.instance(closed, RemoteError);
      assert.match(closed.message.split('\n')[0] as string, told);
      assert.is((await failureOf(channel.waitClose())).message, closed.message);
      await log.send('goes on');
      assert.is(await log.receive(), 'goes on');
      log.close();
    });
}

function unheard(tests: PythonTests): void {
  tests.test('an execution that fails after the close is a warning, with its stack', async (gateway) => {
    const [warning] = await warningsWhile(async () => {
      const channel = gateway.remoteExec<never, number>(`
        def fails():
            for item in channel:
                pass
            raise ValueError('nobody listens')
        fails()
      `);
      await channel.send(1);
      channel.close();
      await channel.waitClose();
    }, 1);
    assert.match(warning as string, `an execution of ${gateway.id}`);
    assert.match(warning as string, 'ValueError: nobody listens');
    assert.match(warning as string, 'in fails');
  });

  tests.test('one that ends because of the close has not failed', async (gateway) => {
    const channels = [
      gateway.remoteExec('channel.receive()'),
      gateway.remoteExec('import time\nwhile True:\n    channel.send(1)\n    time.sleep(0.001)'),
      gateway.remoteExec('channel.receive()'),
    ];
    const warnings = await warningsWhile(async () => {
      channels.pop()?.close(new RangeError('not needed any more'));
      for (const channel of channels) channel.close();
      await settled(gateway);
      await gateway.remoteStatus();
    });
    assert.equal(warnings, []);
  });
}

function cancelledLater(tests: PythonTests): void {
  /** Looks at no channel but `args`, on which nothing comes. */
  const DEAF = `
args.send('begins')
try:
    args.receive()
finally:
    import time
    time.sleep(0.05)
`;

  tests.test('what was closed can still be cancelled', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(DEAF, log);
    assert.is(await log.receive(), 'begins');
    channel.close();
    await channel.waitClose();
    const reason = new RangeError('enough');
    channel.cancel(reason);
    for (const failure of [channel.receive(), channel.send('late'), channel.waitClose()])
      assert.is(await failureOf(failure), reason);
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
    const other = gateway.newChannel<string, string>();
    const scoped = gateway.remoteExec(DEAF, other);
    assert.is(await other.receive(), 'begins');
    scoped.close();
    await stop(scoped);
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
  });

  tests.test('what a cancelled execution fails with is told also after a close', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const channel = gateway.remoteExec(
      `
        args.send('begins')
        try:
            args.receive()
        except channel.Cancelled:
            raise ValueError('can not clean up')
      `,
      log,
    );
    assert.is(await log.receive(), 'begins');
    channel.close();
    channel.cancel();
    const error = await failureOf(channel.waitClose());
    assert.instance(error, RemoteError);
    assert.match(error.message, 'can not clean up');
    log.close();
  });
}
