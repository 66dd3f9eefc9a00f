import { ConnectionLostError, type Gateway, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { assertAllFailWith, failureOf, settled, stop } from '../gateway-tests.ts';
import { ECHO, evaluate, KEEP, keptAs, type PythonFixture, PythonTests, pythonFile } from './python-tests.ts';

/** What ends an execution in Python. What only ends the listening is in `closing.ts`. */
export function pythonCancellingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'cancelling', fixture);
  operations(tests);
  ways(tests);
  ends(tests);
  scope(tests);
  tests.run();
}

/** Code that does `wait` and keeps what becomes of it: once cancelled, it can't send. */
const kept = (wait: string): string => `${KEEP}
seen = []
keep('seen', seen)
channel.send('begins')
try:
    ${wait}
    seen.append('no error')
except Exception as error:
    seen.append('Exception ' + type(error).__name__)
except BaseException as error:
    seen.append(type(error).__name__)
    raise
finally:
    seen.append('finally')
`;

const seenBy = (gateway: Gateway): Promise<string[]> => keptAs<string[]>(gateway, 'seen');

const CANCELLED = ['Cancelled', 'finally'];

/** The operations of channels that block. `args` is another channel, on which nothing happens. */
const OPERATIONS: Readonly<Record<string, string>> = {
  receive: 'channel.receive()',
  'receive with a timeout': 'channel.receive(1000)',
  iteration: 'for item in channel: pass',
  'a send that waits for room': 'while True: channel.send(bytearray(100000))',
  'waitclose of another channel': 'args.waitclose()',
  'receive on another channel': 'args.receive()',
  'reading a file': "args.makefile('r').read()",
  'a send on another channel': 'while True: args.send(bytearray(100000))',
  'sends that need not wait': 'while True: args.isclosed() or args.send(None)',
};

function operations(tests: PythonTests): void {
  for (const [title, wait] of Object.entries(OPERATIONS)) {
    tests.test(`it raises what is no Exception, so that finally runs: ${title}`, async (gateway) => {
      const other = gateway.newChannel();
      const channel = gateway.remoteExec(kept(wait), other);
      assert.is(await channel.receive(), 'begins');
      await stop(channel);
      assert.equal(await seenBy(gateway), CANCELLED);
      other.close();
    });
  }

  tests.test('a further operation of a cancelled execution raises at once', async (gateway) => {
    const channel = gateway.remoteExec(
      `${KEEP}
seen = []
keep('seen', seen)
channel.send('begins')
for use in (channel.receive, channel.receive, args.receive, lambda: args.send(1), lambda: channel.send(1), args.waitclose):
    try:
        use()
    except channel.Cancelled:
        seen.append('Cancelled')`,
      gateway.newChannel(),
    );
    assert.is(await channel.receive(), 'begins');
    await stop(channel);
    assert.equal(await seenBy(gateway), Array(6).fill('Cancelled'));
  });

  tests.test('code that never touches a channel goes on to its end', async (gateway) => {
    const channel = gateway.remoteExec(`${KEEP}
import time
channel.send('begins')
time.sleep(0.1)
keep('seen', ['went on'])`);
    assert.is(await channel.receive(), 'begins');
    await stop(channel);
    assert.equal(await seenBy(gateway), ['went on']);
  });

  tests.test('a thread whose execution was cancelled works for the next one as before', async (gateway) => {
    for (let round = 0; round < 10; round++) {
      const cancelled = gateway.remoteExec("channel.send('begins'); channel.receive()");
      await cancelled.receive();
      await stop(cancelled);
      const channel = gateway.remoteExec<number, number>('channel.send(channel.receive() + 1)');
      void channel.send(round);
      assert.is(await channel.receive(), round + 1);
      await channel.waitClose();
    }
  });
}

function ways(tests: PythonTests): void {
  tests.test('the signal given to remoteExec cancels, and closes the channel here', async (gateway) => {
    const controller = new AbortController();
    const channel = gateway.remoteExec(kept('channel.receive()'), undefined, { signal: controller.signal });
    assert.is(await channel.receive(), 'begins');
    const failing = [channel.receive(), channel.waitClose()].map(failureOf);
    controller.abort();
    for (const error of await Promise.all(failing)) assert.is(error, controller.signal.reason);
    assert.ok(channel.isClosed);
    assert.equal(await seenBy(gateway), CANCELLED);
  });

  tests.test('a signal that is aborted already starts nothing', async (gateway) => {
    const reason = new Error('never mind');
    const signal = AbortSignal.abort(reason);
    assert.is(
      await failureOf(() => gateway.remoteExec(`${KEEP}\nkeep('started', 1)`, undefined, { signal })),
      reason,
    );
    assert.is(await failureOf(gateway.call('abs', [1], { signal })), reason);
    assert.is(await keptAs(gateway, 'started'), null);
  });

  tests.test('the signal and the timeout given to call cancel', async (gateway) => {
    using module = pythonFile(`
import sys
def wait(log, other):
    sys.waited_for = None
    log.send('waits')
    try:
        other.receive()
    except BaseException as error:
        sys.waited_for = type(error).__name__
        raise
`);
    const reason = new Error('enough of it');
    for (const way of ['signal', 'timeout'] as const) {
      const [log, other] = [gateway.newChannel<string>(), gateway.newChannel()];
      const controller = new AbortController();
      const result = failureOf(
        gateway.call(
          module.function('wait'),
          [log, other],
          way === 'signal' ? { signal: controller.signal } : { timeout: 300 },
        ),
      );
      assert.is(await log.receive(), 'waits');
      controller.abort(reason);
      if (way === 'signal') assert.is(await result, reason);
      else assert.instance(await result, TimeoutError);
      while ((await gateway.remoteStatus()).numExecuting > 0);
      assert.is(await evaluate(gateway, "__import__('sys').waited_for"), 'Cancelled');
      log.close();
      other.close();
    }
  });

  tests.test('disposing of the channel cancels, and waits for the end', async (gateway) => {
    const disposed = gateway.remoteExec(kept('channel.receive()'));
    assert.is(await disposed.receive(), 'begins');
    await disposed[Symbol.asyncDispose]();
    assert.equal(await seenBy(gateway), CANCELLED);
  });
}

function ends(tests: PythonTests): void {
  tests.test('waitClose tells when the execution is over, its clean-up included', async (gateway) => {
    const channel = gateway.remoteExec(`${KEEP}
import time
try:
    channel.send('begins')
    channel.receive()
finally:
    time.sleep(0.1)
    keep('seen', ['cleaned up'])`);
    assert.is(await channel.receive(), 'begins');
    const reason = new Error('enough');
    let over = false;
    const waiting = failureOf(channel.waitClose()).finally(() => {
      over = true;
    });
    channel.cancel(reason);
    assert.is(channel.isClosed, true);
    await assertAllFailWith(channel, reason);
    assert.is(over, false);
    for (const error of [await waiting, await failureOf(channel.waitClose())]) assert.is(error, reason);
    assert.equal(await seenBy(gateway), ['cleaned up']);
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
  });

  tests.test('a clean-up that fails is what waitClose rejects with, each time', async (gateway) => {
    const channel = gateway.remoteExec(`
      try:
          channel.send('begins')
          channel.receive()
      except channel.Cancelled:
          raise ValueError('can not clean up')
    `);
    assert.is(await channel.receive(), 'begins');
    channel.cancel();
    for (let time = 0; time < 2; time++)
      assert.match((await failureOf(channel.waitClose())).message, 'can not clean up');
  });

  tests.test('an execution that is over when it is cancelled is over', async (gateway) => {
    for (let round = 0; round < 20; round++) {
      const channel = gateway.remoteExec<number>('channel.send(1)');
      assert.is(await channel.receive(), 1);
      await stop(channel);
    }
  });

  tests.testWith({}, 'what is told to stop as its gateway ends does not look complete', async (gateway) => {
    const channel = gateway.remoteExec<number>(`
      import time
      channel.send(0)
      while True:
          channel.send(1)
          time.sleep(0.01)
    `);
    const closed = failureOf(channel.waitClose());
    const read = failureOf(async () => {
      for await (const n of channel) if (n === 0) void gateway.terminate({ timeout: 20_000 });
    });
    for (const error of [await read, await closed]) {
      assert.instance(error, ConnectionLostError);
      assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
    }
  });

  tests.testWith({}, 'a call that its gateway ends says so', async (gateway) => {
    const failure = failureOf(gateway.call('time.sleep', [1000]));
    while ((await gateway.remoteStatus()).numExecuting === 0);
    await gateway.terminate({ timeout: 300 });
    const error = await failure;
    assert.instance(error, ConnectionLostError);
    assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
  });

  tests.testWith({}, 'what comes to its end as its gateway ends does', async (gateway) => {
    const channel = gateway.remoteExec<number>(`
      channel.send(0)
      try:
          channel.receive()
      except channel.Cancelled:
          pass
    `);
    for await (const n of channel) if (n === 0) void gateway.terminate({ timeout: 20_000 });
    await channel.waitClose();
  });
}

function scope(tests: PythonTests): void {
  tests.testBeside('cancelling one execution leaves the others alone', async (gateway) => {
    const others = [gateway.remoteExec<number, number>(ECHO), gateway.remoteExec<number, number>(ECHO)];
    const channel = gateway.remoteExec("channel.send('begins'); channel.receive()");
    assert.is(await channel.receive(), 'begins');
    await stop(channel);
    for (const other of others) {
      await other.send(1);
      assert.is(await other.receive(), 1);
      other.close();
      await other.waitClose();
    }
  });

  tests.test('what is cancelled while others begin and end disturbs none of them', async (gateway) => {
    // what earlier code dropped may wait for a collector
    const before = (await gateway.remoteStatus()).numChannels;
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        if (n % 2) {
          assert.is(await evaluate(gateway, 'args', n), n);
          return;
        }
        const channel = gateway.remoteExec("channel.send('begins'); channel.receive()");
        await channel.receive();
        await stop(channel);
      }),
    );
    await settled(gateway);
    assert.ok((await gateway.remoteStatus()).numChannels <= before);
  });
}
