import type { RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, stop, testGoingOn } from '../gateway-tests.ts';
import {
  AT_EXIT,
  ECHO,
  evaluate,
  type GreenletModel,
  IS_MAIN,
  itemsOf,
  KEEP,
  keptAs,
  Marker,
  type PythonFixture,
  PythonTests,
  SPINS,
} from './python-tests.ts';

const MODELS: readonly GreenletModel[] = ['eventlet', 'gevent'];

/** Makes greenlets of what the library has for threads. */
export const PATCHES: Readonly<Record<GreenletModel, string>> = {
  eventlet: 'import eventlet; eventlet.monkey_patch()',
  gevent: 'import gevent.monkey; gevent.monkey.patch_all()',
};

/** `execmodel=eventlet` and `execmodel=gevent`, and what is said where there is no such module. */
export function pythonGreenletSuite(name: string, fixture: PythonFixture): void {
  for (const model of MODELS) {
    if (fixture.greenlets?.includes(model)) {
      greenlets(name, model, fixture);
      patched(name, model, fixture);
    } else missing(name, model, fixture);
  }
}

function missing(name: string, model: GreenletModel, fixture: PythonFixture): void {
  const tests = new PythonTests(name, `execmodel=${model}`, fixture);
  tests.test(`without the module ${model} the model is refused, with what to do`, async (gateway) => {
    const error = await failureOf(fixture.makeGateway({ execmodel: model }));
    assert.is(error.code, 'ERR_EXECNET_UNSUPPORTED');
    assert.match(error.message, model);
    assert.match(error.message, 'install');
    assert.is(await gateway.call('abs', [-1]), 1);
  });
  tests.run();
}

function greenlets(name: string, model: GreenletModel, fixture: PythonFixture): void {
  const tests = new PythonTests(name, `execmodel=${model}`, {
    ...fixture,
    beside: 'tasks',
    makeGateway: (fields) => fixture.makeGateway({ execmodel: model, ...fields }),
  });
  running(tests, model);
  waiting(tests, model);
  callbacks(tests, model);
  ending(tests, model);
  testGoingOn(tests, SPINS);
  tests.run();
}

function running(tests: PythonTests, model: GreenletModel): void {
  tests.test('executions run in the main thread, beside each other', async (gateway) => {
    assert.is((await gateway.remoteStatus()).execmodel, model);
    assert.match(String(gateway), `${model} model`);
    const channels = Array.from({ length: 50 }, () =>
      gateway.remoteExec<boolean, string>(`channel.send(${IS_MAIN}); channel.receive()`),
    );
    for (const channel of channels) assert.is(await channel.receive(), true);
    assert.is((await gateway.remoteStatus()).numExecuting, 50);
    for (const channel of channels) void channel.send('end');
    await Promise.all(channels.map((channel) => channel.waitClose()));
  });

  tests.testWith({}, 'code that waits lets others run', async (gateway) => {
    const sleeping = gateway.remoteExec(`import ${model}\nchannel.send('sleeps')\n${model}.sleep(1000)`);
    assert.is(await sleeping.receive(), 'sleeps');
    const receiving = gateway.remoteExec("channel.send('receives'); channel.receive()");
    assert.is(await receiving.receive(), 'receives');
    assert.is(await gateway.call('abs', [-1]), 1);
    const echo = gateway.remoteExec<unknown, unknown>(ECHO);
    for (const item of [1, 'x'.repeat(1_000_000)]) {
      await echo.send(item);
      assert.is(await echo.receive(), item);
    }
    for (const channel of [receiving, echo]) {
      channel.close();
      await channel.waitClose();
    }
  });

  tests.test('status is told while code computes', async (gateway) => {
    const channel = gateway.remoteExec(
      'import time\nchannel.send(1)\nend = time.time() + 0.5\nwhile time.time() < end: pass',
    );
    await channel.receive();
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await channel.waitClose();
  });

  tests.test('errors and results arrive as under any model', async (gateway) => {
    const error = (await failureOf(gateway.remoteExec('1 // 0').waitClose())) as RemoteError;
    assert.is(error.remoteName, 'ZeroDivisionError');
    assert.match(error.remoteStack, 'line 1');
    assert.equal(await evaluate(gateway, 'args', { a: [1, 'b'] }), { a: [1, 'b'] });
  });

  tests.test('greenlets that code starts itself may use its channel', async (gateway) => {
    const channel = gateway.remoteExec<number>(`
      import ${model}
      def work(n):
          for i in range(10):
              channel.send(n)
              ${model}.sleep(0)
      greenlets = [${model}.spawn(work, n) for n in range(5)]
      for one in greenlets: one.${model === 'gevent' ? 'join' : 'wait'}()
    `);
    assert.is((await itemsOf(channel)).length, 50);
  });
}

function waiting(tests: PythonTests, model: GreenletModel): void {
  tests.test('receive takes a timeout', async (gateway) => {
    const channel = gateway.remoteExec<string, string>(`
      try:
          channel.receive(0.01)
      except channel.TimeoutError:
          channel.send('TimeoutError')
      channel.send(channel.receive(60))
    `);
    assert.is(await channel.receive(), 'TimeoutError');
    await channel.send('in time');
    assert.is(await channel.receive(), 'in time');
    await channel.waitClose();
  });

  tests.test('a send that waits for room lets others run', async (gateway) => {
    const stalled = gateway.remoteExec<Uint8Array>('for n in range(100): channel.send(bytearray(100000))');
    const first = await stalled.receive();
    assert.is(first.length, 100_000);
    assert.is(await gateway.call('abs', [-1]), 1);
    assert.is((await itemsOf(stalled)).length, 99);
  });

  tests.test(
    'the handler of a signal that raises while all wait, or while items are sent, ends nothing',
    async (gateway) => {
      const channel = gateway.remoteExec<Uint8Array | number>(`
import signal, time
rung = []
def ring(number, frame):
    while frame is not None:
        if frame.f_code.co_name in ('execute', 'begin'):
            return
        frame = frame.f_back
    rung.append(1)
    raise ValueError('an alarm for nobody')
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
end = time.time() + 0.5
while time.time() < end:
    channel.send(bytearray(300000))
    try:
        channel.receive(0.02)
    except channel.TimeoutError:
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
channel.send(len(rung))`);
      let item: Uint8Array | number;
      do item = await channel.receive();
      while (typeof item !== 'number');
      // PyPy takes what waits for greenlets for a part of the code that has begun to wait
      assert.ok(item >= (tests.pypy ? 0 : 3), `${item} were raised`);
      await channel.waitClose();
      assert.is(await evaluate(gateway, 'args', 'works'), 'works');
    },
  );

  // gevent begins them where no handler runs; PyPy runs one later, where code may get what it raises
  if (model === 'eventlet' && !tests.pypy)
    tests.testWith({}, 'nor does one that raises where a greenlet begins', async (gateway) => {
      const channel = gateway.remoteExec<Uint8Array, string>(`
import os, signal
from eventlet.greenthread import GreenThread
main = GreenThread.main
def begin(self, *given):
    os.kill(os.getpid(), signal.SIGALRM)
    return main(self, *given)
def ring(number, frame):
    raise ValueError('an alarm for nobody')
signal.signal(signal.SIGALRM, ring)
GreenThread.main = begin
channel.send(bytearray(300000))
channel.receive()
GreenThread.main = main
signal.signal(signal.SIGALRM, signal.SIG_DFL)`);
      assert.is((await channel.receive()).length, 300_000);
      assert.is(await evaluate(gateway, 'args', 'works'), 'works');
      await channel.send('enough');
      await channel.waitClose();
    });

  tests.test('threads of the system may use channels beside greenlets', async (gateway) => {
    const threading =
      model === 'gevent'
        ? "gevent.monkey.get_original('threading', 'Thread')"
        : "eventlet.patcher.original('threading').Thread";
    const channel = gateway.remoteExec<number, number>(`
      import ${model}, ${model === 'gevent' ? 'gevent.monkey' : 'eventlet.patcher'}
      def work():
          channel.send(channel.receive() + 1)
      thread = ${threading}(target=work)
      thread.start()
      while thread.is_alive(): ${model}.sleep(0.001)
    `);
    await channel.send(1);
    assert.equal(await itemsOf(channel), [2]);
  });
}

function callbacks(tests: PythonTests, model: GreenletModel): void {
  tests.test('callbacks run as greenlets', async (gateway) => {
    const given = gateway.newChannel<unknown, number>();
    const channel = gateway.remoteExec(
      `
        import ${model}
        def callback(item):
            ${model}.sleep(0)
            args.send([item, ${IS_MAIN}])
        args.setcallback(callback)
        channel.send('set')
        channel.receive()
      `,
      given,
    );
    assert.is(await channel.receive(), 'set');
    for (let n = 0; n < 20; n++) void given.send(n);
    for (let n = 0; n < 20; n++) assert.equal(await given.receive(), [n, true]);
    await channel.send(null);
    await channel.waitClose();
    given.close();
  });
}

function ending(tests: PythonTests, model: GreenletModel): void {
  tests.test('a cancelled execution ends, and those beside it go on', async (gateway) => {
    const other = gateway.remoteExec<number, number>(ECHO);
    const channel = gateway.remoteExec(`${KEEP}
channel.send('waits')
try:
    channel.receive()
except channel.Cancelled:
    keep('greenlet', 'cancelled')
    raise`);
    assert.is(await channel.receive(), 'waits');
    await stop(channel);
    assert.is(await keptAs(gateway, 'greenlet'), 'cancelled');
    await other.send(1);
    assert.is(await other.receive(), 1);
    other.close();
  });

  for (const [what, code] of [
    ['waits for an item', 'channel.receive()'],
    ['sleeps', `import ${model}; ${model}.sleep(1000)`],
    ['computes without end', 'while True: pass'],
  ] as const) {
    tests.testWith({}, `terminate ends code that ${what}`, async (gateway) => {
      const channel = gateway.remoteExec(`channel.send(1)\n${code}`);
      await channel.receive();
      await gateway.terminate({ timeout: 200 });
      assert.is(gateway.hasReceiver, false);
    });
  }
}

function patched(name: string, model: GreenletModel, fixture: PythonFixture): void {
  const tests = new PythonTests(name, `patched by ${model}`, fixture);
  for (const execmodel of ['thread', 'main_thread_only', model]) {
    const title = `code may patch the standard library, and all goes on under execmodel=${execmodel}`;
    if (fixture.runtime === 'pypy' && model === 'eventlet') {
      tests.leaveOut(title, 'patching takes PyPy half a minute');
      continue;
    }
    const beside = execmodel === 'main_thread_only' ? 1 : 10;
    tests.testWith({ execmodel }, title, async (gateway) => {
      using marker = new Marker();
      await gateway.remoteExec(PATCHES[model]).waitClose();
      const channels = Array.from({ length: beside }, (_, n) =>
        gateway.remoteExec<number, number>(
          'import time, threading\nfor item in channel:\n    time.sleep(0.001)\n    thread = threading.Thread(target=lambda: channel.send(item + args))\n    thread.start()\n    thread.join()',
          n,
        ),
      );
      for (const [n, channel] of channels.entries()) {
        await channel.send(1);
        assert.is(await channel.receive({ timeout: 10_000 }), n + 1);
      }
      for (const channel of channels) {
        channel.close();
        await channel.waitClose();
      }
      const called = gateway.remoteExec<number, number>(
        'channel.setcallback(channel.send)\nchannel.waitclose()',
      );
      await called.send(7);
      assert.is(await called.receive({ timeout: 10_000 }), 7);
      called.close();
      await called.waitClose();
      await gateway.remoteExec(AT_EXIT, marker.file).waitClose();
      const waiting = gateway.remoteExec(
        "channel.send('waits')\ntry: channel.receive()\nfinally:\n    with open(args, 'a') as file: file.write('finally ')",
        marker.file,
      );
      await waiting.receive({ timeout: 10_000 });
      await gateway.terminate();
      // it has ended by itself: what is killed says nothing
      assert.is(marker.text, 'finally at exit');
    });
  }
  tests.run();
}
