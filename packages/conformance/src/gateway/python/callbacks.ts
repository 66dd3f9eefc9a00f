import type { Channel, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { itemsOf, KEEP, keptAs, type PythonFixture, PythonTests } from './python-tests.ts';

/** `setcallback` in Python, and `setCallback` for what Python sends. */
export function pythonCallbackSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'callbacks', fixture);
  there(tests);
  failing(tests);
  here(tests);
  tests.run();
}

function there(tests: PythonTests): void {
  tests.test(
    'a callback gets what has arrived, what arrives, and at the end its end marker',
    async (gateway) => {
      const given = gateway.newChannel<never, number>();
      const channel = gateway.remoteExec<unknown, string>(
        `
        first = args.receive()
        seen = []
        args.setcallback(seen.append, endmarker='end')
        channel.send('set')
        args.waitclose()
        import time
        while seen[-1:] != ['end']: time.sleep(0.001)
        channel.send([first, seen])
      `,
        given,
      );
      for (let item = 0; item < 50; item++) void given.send(item);
      assert.is(await channel.receive(), 'set');
      for (let item = 50; item < 100; item++) void given.send(item);
      given.close();
      const [first, seen] = (await channel.receive()) as [number, unknown[]];
      assert.is(first, 0);
      assert.equal(seen, [...Array.from({ length: 99 }, (_, item) => item + 1), 'end']);
      await channel.waitClose();
    },
  );

  tests.test(
    'without an end marker the end is not told, and None is a marker as good as any',
    async (gateway) => {
      for (const [marker, expected] of [
        ['', [1]],
        [', endmarker=None', [1, null]],
        [', None', [1, null]],
      ] as const) {
        const given = gateway.newChannel<never, number>();
        const channel = gateway.remoteExec<unknown>(
          `seen = []
args['given'].setcallback(seen.append${marker})
args['given'].waitclose()
# the callback of the end runs in a thread of its own
import time
while len(seen) < args['count']: time.sleep(0.001)
channel.send(seen)`,
          { given: given, count: expected.length },
        );
        void given.send(1);
        given.close();
        assert.equal(await itemsOf(channel), [expected]);
      }
    },
  );

  tests.test('callbacks of one channel come one after the other, and may send and block', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    const answers = gateway.newChannel<number, number>();
    const channel = gateway.remoteExec(
      `
        state = {'inside': 0}
        def callback(item):
            state['inside'] += 1
            assert state['inside'] == 1
            args['answers'].send(item)
            assert args['answers'].receive() == item
            state['inside'] -= 1
        args['given'].setcallback(callback)
        channel.waitclose()
      `,
      { given: given, answers: answers },
    );
    for (let item = 0; item < 20; item++) void given.send(item);
    for (let item = 0; item < 20; item++) {
      assert.is(await answers.receive(), item);
      await answers.send(item);
    }
    given.close();
    channel.close();
    answers.close();
    await channel.waitClose();
  });

  tests.test('a callback that blocks holds up its own channel only', async (gateway) => {
    const slow = gateway.newChannel<string, number>();
    const fast = gateway.newChannel<number, number>();
    const channel = gateway.remoteExec(
      `
        def block(item):
            args['slow'].send('blocks')
            channel.receive()
        args['slow'].setcallback(block)
        args['fast'].setcallback(lambda item: args['fast'].send(item + 1))
        args['slow'].waitclose()
      `,
      { slow: slow, fast: fast },
    );
    await slow.send(0);
    assert.is(await slow.receive(), 'blocks');
    for (let item = 0; item < 10; item++) {
      await fast.send(item);
      assert.is(await fast.receive(), item + 1);
    }
    await channel.send(null);
    slow.close();
    fast.close();
    await channel.waitClose();
  });

  tests.test(
    'a callback outlives the execution that has set it, though nothing holds its channel there',
    async (gateway) => {
      const given = gateway.newChannel<never, string>();
      await gateway
        .remoteExec(
          `${KEEP}\nseen = []\nkeep('seen_later', seen)\nargs.setcallback(seen.append, endmarker='end')`,
          given,
        )
        .waitClose();
      await gateway.call('gc.collect').catch(() => {});
      await given.send('later');
      given.close();
      let seen: string[] = [];
      while (seen.length < 2) seen = await keptAs<string[]>(gateway, 'seen_later');
      assert.equal(seen, ['later', 'end']);
    },
  );
}

function failing(tests: PythonTests): void {
  tests.test('a second callback, and receiving beside one, are IOErrors', async (gateway) => {
    const given = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        args.setcallback(lambda item: None)
        for use in (lambda: args.setcallback(len), args.receive, lambda: next(iter(args))):
            try:
                use()
            except IOError as error:
                channel.send('IOError')
      `,
      given,
    );
    assert.equal(await itemsOf(channel), ['IOError', 'IOError', 'IOError']);
    given.close();
  });

  tests.test('a callback that fails closes its channel with the error', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    const channel = gateway.remoteExec<string>(
      "args.setcallback(lambda item: 1 // item)\nchannel.send('set')\nchannel.receive()",
      given,
    );
    assert.is(await channel.receive(), 'set');
    await given.send(1);
    await given.send(0);
    const error = (await failureOf(given.waitClose())) as RemoteError;
    assert.is(error.remoteName, 'ZeroDivisionError');
    await channel.send(null);
    await channel.waitClose();
  });
}

function here(tests: PythonTests): void {
  tests.test('a callback here gets all that Python sends, in order, and its end marker', async (gateway) => {
    const channel: Channel<number | string> = gateway.remoteExec(
      'for item in range(500): channel.send(item)',
    );
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      channel.setCallback(
        (item) => {
          seen.push(item);
          if (item === 'end') resolve();
        },
        { endMarker: 'end' },
      );
    });
    assert.equal(seen, [...Array.from({ length: 500 }, (_, item) => item), 'end']);
  });
}
