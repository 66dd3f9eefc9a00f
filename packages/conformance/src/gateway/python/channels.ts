import { type Channel, ChannelClosedError, TimeoutError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { ECHO, evaluate, itemsOf, KEEP, type PythonFixture, PythonTests } from './python-tests.ts';

/** Sending, receiving, waiting, closing, and channels inside of items. */
export function pythonChannelSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'channels', fixture);
  order(tests);
  waiting(tests);
  closing(tests);
  naming(tests);
  passing(tests);
  making(tests);
  tests.run();
}

function order(tests: PythonTests): void {
  tests.test('sends that are not awaited keep their order, in both directions', async (gateway) => {
    const channel = gateway.remoteExec<number, number>(ECHO);
    const items = Array.from({ length: 3000 }, (_, index) => index);
    for (const item of items) void channel.send(item);
    const received: number[] = [];
    while (received.length < items.length) received.push(await channel.receive());
    assert.equal(received, items);
    channel.close();
  });

  tests.test('small and large items keep their order, in both directions', async (gateway) => {
    const channel = gateway.remoteExec<Uint8Array, Uint8Array>(ECHO);
    const sizes = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 200_000 + index : index));
    for (const size of sizes) void channel.send(new Uint8Array(size));
    const received: number[] = [];
    while (received.length < sizes.length) received.push((await channel.receive()).length);
    assert.equal(received, sizes);
    channel.close();
  });

  tests.test('what is sent right before the end of an execution arrives', async (gateway) => {
    for (let round = 0; round < 10; round++) {
      const channel = gateway.remoteExec<unknown>(`
        for item in range(100): channel.send(item)
        channel.send(bytearray(300000))
        channel.send('last')
      `);
      const received = (await itemsOf(channel)).map((item) => (typeof item === 'object' ? 'bytes' : item));
      assert.equal(received, [...Array.from({ length: 100 }, (_, index) => index), 'bytes', 'last']);
    }
  });

  tests.test(
    'an item as large as any window, and one larger, arrive whole in both directions',
    async (gateway) => {
      const channel = gateway.remoteExec<Uint8Array, Uint8Array>(
        'for item in channel: channel.send(bytearray(item))',
      );
      for (const size of [0, 1, 3062, 3063, 65_535, 65_536, 262_144, 5_000_001]) {
        const item = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255);
        const sent = channel.send(item);
        const received = await channel.receive();
        await sent;
        assert.is(Buffer.compare(received, item), 0, `${size} bytes`);
      }
      channel.close();
    },
  );

  tests.test('channels do not mix: each has its own order', async (gateway) => {
    const channels = Array.from({ length: 8 }, (_, index) =>
      gateway.remoteExec<number[]>('for item in range(50): channel.send([args, item])', index),
    );
    const received = await Promise.all(channels.map(itemsOf));
    for (const [index, items] of received.entries())
      assert.equal(
        items,
        Array.from({ length: 50 }, (_, item) => [index, item]),
      );
  });

  tests.test('threads that code starts itself may use its channel', async (gateway) => {
    const channel = gateway.remoteExec<number, number>(`
      import threading
      def work(n):
          for i in range(20): channel.send(n * 100 + i)
      threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
      for thread in threads: thread.start()
      for thread in threads: thread.join()
    `);
    const items = await itemsOf(channel);
    assert.is(items.length, 100);
    for (let n = 0; n < 5; n++)
      assert.equal(
        items.filter((item) => Math.floor(item / 100) === n),
        Array.from({ length: 20 }, (_, i) => n * 100 + i),
      );
  });
}

function waiting(tests: PythonTests): void {
  tests.test('receive in Python takes a timeout in seconds, and its error can be caught', async (gateway) => {
    const channel = gateway.remoteExec<unknown, string>(`
      for timeout in (0, 0.01):
          try:
              channel.receive(timeout)
          except channel.TimeoutError as error:
              channel.send([type(error).__name__, isinstance(error, IOError)])
      channel.send(channel.receive(timeout=60))
      channel.send(channel.receive())
    `);
    assert.equal(await channel.receive(), ['TimeoutError', true]);
    assert.equal(await channel.receive(), ['TimeoutError', true]);
    await channel.send('in time');
    await channel.send('in any time');
    assert.is(await channel.receive(), 'in time');
    assert.is(await channel.receive(), 'in any time');
    await channel.waitClose();
  });

  tests.test('receive here takes a timeout in milliseconds and a signal', async (gateway) => {
    const channel = gateway.remoteExec('channel.receive()');
    assert.instance(await failureOf(channel.receive({ timeout: 5 })), TimeoutError);
    const reason = new Error('enough');
    assert.is(await failureOf(channel.receive({ signal: AbortSignal.abort(reason) })), reason);
    assert.instance(await failureOf(channel.waitClose({ timeout: 5 })), TimeoutError);
    await channel.send(null);
    await channel.waitClose();
  });

  tests.test('iteration ends when the channel does, at either end', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    const channel = gateway.remoteExec<number>(
      'total = 0\nfor item in args: total += item\nchannel.send(total)\nchannel.send(list(args))',
      given,
    );
    for (let item = 0; item < 100; item++) void given.send(item);
    given.close();
    assert.equal(await itemsOf(channel), [4950, []]);
  });

  tests.test(
    'waitclose in Python waits for the close, with a timeout if it is given one',
    async (gateway) => {
      const given = gateway.newChannel();
      const channel = gateway.remoteExec(
        `
        try:
            args.waitclose(0.01)
        except channel.TimeoutError:
            channel.send('not yet')
        args.waitclose()
        args.waitclose(0)
        channel.send(['closed', args.isclosed()])
      `,
        given,
      );
      assert.is(await channel.receive(), 'not yet');
      given.close();
      assert.equal(await channel.receive(), ['closed', true]);
      await channel.waitClose();
    },
  );

  tests.test(
    'several threads may wait for the same channel, and each item goes to one of them',
    async (gateway) => {
      const given = gateway.newChannel<never, number>();
      const channel = gateway.remoteExec<number>(
        `
        import threading
        def work():
            for item in args: channel.send(item)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
      `,
        given,
      );
      for (let item = 0; item < 200; item++) void given.send(item);
      given.close();
      assert.equal(
        (await itemsOf(channel)).sort((a, b) => a - b),
        Array.from({ length: 200 }, (_, item) => item),
      );
    },
  );
}

function closing(tests: PythonTests): void {
  tests.test('items that wait at the close arrive, and then EOFError', async (gateway) => {
    const given = gateway.newChannel<never, unknown>();
    const channel = gateway.remoteExec<unknown>(
      `
        items = [channel.receive()]
        for _ in range(11): items.append(args.receive())
        channel.send([item if isinstance(item, int) else len(item) for item in items])
        for _ in range(2):
            try:
                args.receive()
            except EOFError:
                channel.send('EOFError')
      `,
      given,
    );
    for (let item = 0; item < 10; item++) void given.send(item);
    void given.send(new Uint8Array(500_000));
    given.close();
    await channel.send(-1);
    assert.equal(await itemsOf(channel), [
      [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 500_000],
      'EOFError',
      'EOFError',
    ]);
  });

  tests.test('sending on a channel that was closed is an IOError there', async (gateway) => {
    const given = gateway.newChannel();
    const channel = gateway.remoteExec(
      `
        args.waitclose()
        try:
            args.send(1)
        except IOError as error:
            channel.send('IOError')
      `,
      given,
    );
    given.close();
    assert.equal(await itemsOf(channel), ['IOError']);
  });

  tests.test('code that closes its channel is heard as closed, and goes on', async (gateway) => {
    const log = gateway.newChannel<unknown, string>();
    const channel = gateway.remoteExec(
      `
        channel.send('before')
        channel.close()
        channel.close()
        try:
            channel.send('after')
        except IOError:
            args.send(['IOError', channel.isclosed()])
        args.send(args.receive())
      `,
      log,
    );
    assert.equal(await itemsOf(channel), ['before']);
    assert.instance(await failureOf(channel.send(1)), ChannelClosedError);
    assert.equal(await log.receive(), ['IOError', true]);
    void log.send('goes on');
    assert.is(await log.receive(), 'goes on');
    log.close();
  });

  tests.test('sending to an execution that has ended is refused', async (gateway) => {
    const channel = gateway.remoteExec('pass');
    await channel.waitClose();
    assert.instance(await failureOf(channel.send(1)), ChannelClosedError);
    assert.instance(await failureOf(channel.receive()), ChannelClosedError);
  });

  tests.test('an execution may end without having read what was sent to it', async (gateway) => {
    for (let round = 0; round < 5; round++) {
      const channel = gateway.remoteExec('channel.receive()');
      for (let n = 0; n < 20; n++) void channel.send(new Uint8Array(10_000));
      await channel.waitClose();
    }
    assert.is(await gateway.call('abs', [-1]), 1);
  });
}

function naming(tests: PythonTests): void {
  tests.test('a channel has the same id at both ends, and says what it is', async (gateway) => {
    const channel = gateway.remoteExec<unknown[]>('text = repr(channel); channel.send([channel.id, text])');
    const [id, text] = await channel.receive();
    assert.is(id, channel.id);
    assert.is(text, `<Channel id=${channel.id} open>`);
    await channel.waitClose();
  });

  tests.test('the classes of errors are attributes of channels', async (gateway) => {
    assert.equal(
      await evaluate(
        gateway,
        '[issubclass(channel.RemoteError, Exception), issubclass(channel.TimeoutError, IOError), issubclass(channel.Cancelled, Exception), issubclass(channel.Cancelled, BaseException)]',
      ),
      [true, true, false, true],
    );
  });
}

function passing(tests: PythonTests): void {
  tests.test('a channel in an item reaches Python code', async (gateway) => {
    const channel = gateway.remoteExec("inner = channel.receive(); inner.send(inner.receive() + ', heard')");
    const inner = gateway.newChannel<string, string>();
    await channel.send(inner);
    await inner.send('words');
    assert.is(await inner.receive(), 'words, heard');
    await channel.waitClose();
    inner.close();
  });

  tests.test('channels in arguments reach Python code, wherever they are in them', async (gateway) => {
    const [a, b, c] = [gateway.newChannel(), gateway.newChannel(), gateway.newChannel()];
    const channel = gateway.remoteExec(
      "args['direct'].send('a'); args['list'][1].send('b'); args['map']['key']['c'].send('c')",
      { direct: a, list: [0, b], map: new Map([['key', { c }]]) },
    );
    assert.equal([await a.receive(), await b.receive(), await c.receive()], ['a', 'b', 'c']);
    await channel.waitClose();
    for (const one of [a, b, c]) one.close();
  });

  tests.test('a channel is the same object each time that it arrives, at either end', async (gateway) => {
    const inner = gateway.newChannel();
    const channel = gateway.remoteExec<unknown>(`
      items = channel.receive()
      again = channel.receive()
      channel.send([items['a'] is items['b'], items['a'] is again])
      channel.send([again, items['a'], channel])
      # held until then: what is garbage at one end is closed at the other
      channel.receive()
    `);
    void channel.send({ a: inner, b: inner });
    void channel.send(inner);
    assert.equal(await channel.receive(), [true, true]);
    const [first, second, itself] = (await channel.receive()) as Channel[];
    assert.ok(first === inner && second === inner && itself === channel);
    await channel.send(null);
    await channel.waitClose();
    inner.close();
  });

  tests.test('a channel outlives the execution that it was passed to', async (gateway) => {
    const inner = gateway.newChannel<number, number>();
    await gateway.remoteExec(`${KEEP}\nkeep('inner', args)`, inner).waitClose();
    assert.is(inner.isClosed, false);
    void inner.send(20);
    await gateway
      .remoteExec(`${KEEP}\ninner = kept('inner')\ninner.send(inner.receive() + 1)\nkeep('inner', None)`)
      .waitClose();
    assert.is(await inner.receive(), 21);
    inner.close();
  });

  tests.test('two executions talk through channels that they were given', async (gateway) => {
    const forth = gateway.newChannel<string, string>();
    const back = gateway.newChannel<string, string>();
    const code = "for item in args['channel']: args['channel'].send(args['mark'] + item + args['mark'])";
    const first = gateway.remoteExec(code, { channel: forth, mark: '|' });
    const second = gateway.remoteExec(code, { channel: back, mark: '-' });
    void forth.send('x');
    void back.send(await forth.receive());
    assert.is(await back.receive(), '-|x|-');
    forth.close();
    back.close();
    await Promise.all([first.waitClose(), second.waitClose()]);
  });

  tests.test(
    'items sent on a channel before the item that carries it is read are not lost',
    async (gateway) => {
      const channel = gateway.remoteExec<number>(
        'go = channel.receive(); inner = channel.receive(); channel.send(len(list(inner)))',
      );
      const inner = gateway.newChannel<never, number>();
      void channel.send('go');
      void channel.send(inner);
      for (let item = 0; item < 300; item++) void inner.send(item);
      inner.close();
      assert.equal(await itemsOf(channel), [300]);
    },
  );

  tests.test('a channel used at once by its receiver, in whatever thread, loses no item', async (gateway) => {
    const ROUNDS = 100;
    const code = `
      for inner in channel:
          if inner is None: break
          # the first words come from here, before the other end knows that the channel has arrived
          inner.send(-1)
          inner.send(inner.receive() * 2)
          inner.send(inner.receive() * 2)
    `;
    const workers = [gateway.remoteExec(code), gateway.remoteExec(code)];
    await Promise.all(
      workers.map(async (channel) => {
        for (let round = 0; round < ROUNDS; round++) {
          const inner = gateway.newChannel<number, number>();
          void inner.send(round);
          void channel.send(inner);
          void inner.send(round + 1);
          assert.equal(
            [await inner.receive(), await inner.receive(), await inner.receive()],
            [-1, round * 2, round * 2 + 2],
          );
          inner.close();
        }
        await channel.send(null);
        await channel.waitClose();
      }),
    );
  });
}

function making(tests: PythonTests): void {
  tests.test(
    'Python code makes channels, which work both ways and are closed from either end',
    async (gateway) => {
      const channel = gateway.remoteExec<[Channel<number>, Channel<number>]>(`
      inner = channel.gateway.newchannel()
      other = channel.gateway.newchannel()
      channel.send([inner, other])
      inner.send('made there')
      inner.send(inner.receive() + 1)
      inner.waitclose()
      other.send('last')
      other.close()
    `);
      const [inner, other] = await channel.receive();
      assert.is(inner.id % 2, 0);
      assert.is.not(inner.id, other.id);
      assert.is(await inner.receive(), 'made there');
      await inner.send(41);
      assert.is(await inner.receive(), 42);
      inner.close();
      assert.equal(await itemsOf(other), ['last']);
      await channel.waitClose();
    },
  );

  tests.test('what was sent on a channel before it was sent itself arrives', async (gateway) => {
    const channel = gateway.remoteExec<Channel<never, number>>(`
      inner = channel.gateway.newchannel()
      channel.send(inner)
      for item in range(100): inner.send(item)
      inner.close()
    `);
    const inner = await channel.receive();
    assert.is((await itemsOf(inner)).length, 100);
    await channel.waitClose();
  });

  tests.test('a channel that is sent to code which has ended meanwhile is closed', async (gateway) => {
    const channel = gateway.remoteExec<string, Channel>("channel.send('ends')");
    assert.is(await channel.receive(), 'ends');
    // here nothing is read meanwhile
    for (const end = Date.now() + 200; Date.now() < end; );
    const inner = gateway.newChannel();
    // the end may have come together with the item
    if (!channel.isClosed) {
      await channel.send(inner);
      assert.instance(await failureOf(inner.receive()), ChannelClosedError);
    }
  });

  tests.test('a channel that is made there comes back as itself', async (gateway) => {
    const channel = gateway.remoteExec<unknown, unknown>(`
      inner = channel.gateway.newchannel()
      channel.send(inner)
      channel.send(channel.receive() is inner)
    `);
    await channel.send(await channel.receive());
    assert.is(await channel.receive(), true);
    await channel.waitClose();
  });

  tests.test('thousands of channels may be made, used and dropped', async (gateway) => {
    const active = (): number => Number(/(\d+) active/.exec(String(gateway))?.[1]);
    // what earlier tests have dropped is closed when it is collected there
    const before = active();
    const channel = gateway.remoteExec<unknown, unknown>(
      `
      for n in range(args):
          inner = channel.gateway.newchannel()
          channel.send(inner)
          inner.send(n)
          inner.close()
      channel.send(None)
    `,
      2000,
    );
    for (let n = 0; ; n++) {
      const inner = (await channel.receive()) as Channel<number> | null;
      if (inner === null) break;
      assert.is(await inner.receive(), n);
    }
    await channel.waitClose();
    assert.ok(active() <= before, String(gateway));
  });

  tests.test('the gateway of a channel says what it is', async (gateway) => {
    const { execmodel } = await gateway.remoteStatus();
    assert.equal(await evaluate(gateway, '[channel.gateway.execmodel, repr(channel.gateway)[:8]]'), [
      execmodel,
      '<Gateway',
    ]);
  });
}
