import type { Gateway, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled, stop, testGoingOn } from '../gateway-tests.ts';
import {
  AT_EXIT,
  evaluate,
  IS_MAIN,
  itemsOf,
  KEEP,
  keptAs,
  Marker,
  occupyPython,
  type PythonFixture,
  PythonTests,
  SPINS,
} from './python-tests.ts';

/** Where executions run in Python under `execmodel=thread`. */
export function pythonThreadSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'execmodel=thread', fixture);
  places(tests);
  beside(tests);
  bounds(tests);
  exhausted(tests, fixture.runtime === 'cpython');
  broken(tests);
  testGoingOn(tests, SPINS);
  tests.run();
}

/** One execution at a time, in the main thread. */
export function pythonMainThreadOnlySuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'execmodel=main_thread_only', {
    ...fixture,
    makeGateway: (fields) => fixture.makeGateway({ execmodel: 'main_thread_only', ...fields }),
  });

  tests.test('executions one after the other run in the main thread', async (gateway) => {
    assert.is((await gateway.remoteStatus()).execmodel, 'main_thread_only');
    assert.match(String(gateway), 'main_thread_only model');
    for (let round = 0; round < 5; round++) assert.is(await evaluate(gateway, IS_MAIN), true);
  });

  tests.test('an execution while another runs is refused in the words of execnet', async (gateway) => {
    const busy = await occupyPython(gateway);
    const error = (await failureOf(
      gateway.remoteExec("channel.send('never sent')").receive(),
    )) as RemoteError;
    assert.is(error.code, 'ERR_EXECNET_REMOTE');
    assert.match(error.message, /^RuntimeError: concurrent remote_exec would cause deadlock/);
    assert.match((await failureOf(gateway.call('abs', [1]))).message, 'would cause deadlock');
    // nor does what was sent to it look complete, or wait for ever
    const results = gateway.newChannel<number>();
    const items = gateway.newChannel<never, number>();
    void items.send(1);
    const refused = gateway.remoteExec('channel.send(1)', { results, items });
    const ends = [refused.waitClose(), results.receive(), items.waitClose()];
    for (const error of await Promise.all(ends.map((end) => failureOf(end))))
      assert.match(error.message, 'would cause deadlock');
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await busy.end();
    assert.is(await gateway.call('abs', [-1]), 1);
  });

  tests.test('an execution that begins while another ends waits for that', async (gateway) => {
    const first = gateway.remoteExec("import time\nchannel.send('last')\ntime.sleep(0.2)");
    assert.is(await first.receive(), 'last');
    const order = [
      gateway.call('abs', [-1]),
      gateway.remoteExec('channel.send(2)').receive(),
      gateway.call('abs', [-3]),
    ];
    const dropped = gateway.remoteExec("channel.send('never')");
    dropped.cancel();
    assert.equal(await Promise.all(order), [1, 2, 3]);
    await stop(dropped);
  });

  tests.test('callbacks run beside the execution', async (gateway) => {
    const given = gateway.newChannel<number, number>();
    const channel = gateway.remoteExec(
      "args.setcallback(lambda item: args.send(item + 1)); channel.send('set'); channel.receive()",
      given,
    );
    assert.is(await channel.receive(), 'set');
    await given.send(1);
    assert.is(await given.receive(), 2);
    await channel.send(null);
    await channel.waitClose();
    given.close();
  });

  testGoingOn(tests, SPINS);
  tests.run();
}

function places(tests: PythonTests): void {
  tests.testWith({}, 'the first execution runs in the main thread', async (gateway) => {
    assert.is((await gateway.remoteStatus()).execmodel, 'thread');
    assert.is(await evaluate(gateway, IS_MAIN), true);
  });

  tests.testOnC('code in the main thread may do what only that may', async (gateway) => {
    const channel = gateway.remoteExec(`
      import os, signal, time
      seen = []
      signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
      os.kill(os.getpid(), signal.SIGUSR1)
      while not seen: time.sleep(0.001)
      signal.signal(signal.SIGUSR1, signal.SIG_DFL)
      channel.send('handled')
    `);
    assert.equal(await itemsOf(channel), ['handled']);
  });

  tests.test(
    'an execution that starts while the main thread is busy runs in another thread, at once',
    async (gateway) => {
      const busy = await occupyPython(gateway);
      assert.equal(await Promise.all([evaluate(gateway, IS_MAIN), evaluate(gateway, IS_MAIN)]), [
        false,
        false,
      ]);
      await busy.end();
    },
  );

  tests.test('executions one after the other always get the main thread', async (gateway) => {
    const busy = await occupyPython(gateway);
    assert.is(await evaluate(gateway, IS_MAIN), false);
    await busy.end();
    for (let round = 0; round < 20; round++) assert.is(await evaluate(gateway, IS_MAIN), true);
  });

  tests.test('all threads see the same modules', async (gateway) => {
    await gateway.remoteExec(`${KEEP}\nkeep('from_main', 1)`).waitClose();
    const busy = await occupyPython(gateway);
    assert.is(await keptAs(gateway, 'from_main'), 1);
    await busy.end();
  });
}

function beside(tests: PythonTests): void {
  tests.testWith({}, 'while the main thread computes, another execution exchanges data', async (gateway) => {
    const computing = gateway.remoteExec<string>("channel.send('computing')\nwhile True: pass");
    assert.is(await computing.receive(), 'computing');
    const echo = gateway.remoteExec<number, number>('for item in channel: channel.send(item)');
    for (let i = 0; i < 20; i++) {
      await echo.send(i);
      assert.is(await echo.receive(), i);
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 2);
  });

  tests.testWith(
    {},
    'an execution that starts while the main thread spins runs all the same',
    async (gateway) => {
      const channel = gateway.remoteExec("channel.send('spinning')\nwhile True: pass");
      await channel.receive();
      assert.is(await evaluate(gateway, IS_MAIN), false);
    },
  );

  tests.test('without threads= dozens of executions run at a time', async (gateway) => {
    const channels = Array.from({ length: 40 }, () =>
      gateway.remoteExec<string, string>("channel.send('runs'); channel.receive()"),
    );
    for (const channel of channels) assert.is(await channel.receive(), 'runs');
    assert.is((await gateway.remoteStatus()).numExecuting, 40);
    for (const channel of channels) void channel.send('end');
    await Promise.all(channels.map((channel) => channel.waitClose()));
  });
}

async function numbers(gateway: Gateway): Promise<number[]> {
  const { numExecuting, numQueued } = await gateway.remoteStatus();
  return [numExecuting, numQueued];
}

function bounds(tests: PythonTests): void {
  tests.testWith(
    { threads: 2 },
    'as many run as threads= says, the others queue and run in their order',
    async (gateway) => {
      const first = await occupyPython(gateway);
      const second = await occupyPython(gateway);
      const order: number[] = [];
      const queued = Array.from({ length: 5 }, (_, index) =>
        gateway.call<number>('abs', [-index]).then((value) => order.push(value)),
      );
      assert.equal(await numbers(gateway), [2, 5]);
      await second.end();
      await Promise.all(queued);
      assert.equal(order, [0, 1, 2, 3, 4]);
      // the last of them ends a little after its result
      await settled(gateway, 1);
      assert.equal(await numbers(gateway), [1, 0]);
      await first.end();
    },
  );

  tests.testWith(
    { threads: 1 },
    'with one thread everything runs in the main thread, and what is sent meanwhile waits',
    async (gateway) => {
      const results = await Promise.all(Array.from({ length: 10 }, () => evaluate(gateway, IS_MAIN)));
      assert.equal(new Set(results), new Set([true]));
      const busy = await occupyPython(gateway);
      const channel = gateway.remoteExec<number, number>(
        'channel.send(sum(channel.receive() for _ in range(100)))',
      );
      for (let item = 0; item < 100; item++) void channel.send(item);
      assert.equal(await numbers(gateway), [1, 1]);
      await busy.end();
      assert.is(await channel.receive(), 4950);
      await channel.waitClose();
    },
  );

  tests.testWith(
    { threads: 1 },
    'an execution that is cancelled while it queues never runs',
    async (gateway) => {
      const busy = await occupyPython(gateway);
      const dropped = gateway.remoteExec(`${KEEP}\nkeep('ran_after_all', True)`);
      const kept = gateway.call('abs', [-1]);
      assert.equal(await numbers(gateway), [1, 2]);
      await stop(dropped);
      assert.equal(await numbers(gateway), [1, 1]);
      await busy.end();
      assert.is(await kept, 1);
      assert.is(await keptAs(gateway, 'ran_after_all'), null);
    },
  );
}

/** Takes the main thread, and leaves room for so many threads more. */
const exhausting = (threads: number): string => `
import resource, threading
# a little less than the stacks of one more
threading.stack_size(16 << 20)
with open('/proc/self/status') as file:
    size = [int(line.split()[1]) << 10 for line in file if line.startswith('VmSize')][0]
resource.setrlimit(resource.RLIMIT_AS, (size + (${threads} * 16 + 10 << 20),) * 2)
channel.send('no more threads')
`;

/** The machine has to be Linux; other runtimes of Python need room for themselves. */
function exhausted(tests: PythonTests, canRun: boolean): void {
  const add: PythonTests['testWith'] = (fields, title, run) => {
    if (canRun) tests.testWith(fields, title, run);
    else tests.leaveOut(title, 'other runtimes of Python need room for themselves');
  };
  add(
    { stdio: 'ignore' },
    'where the system gives no more threads, executions wait for one as if it were the limit',
    async (gateway) => {
      const first = gateway.remoteExec<string, number>(`${exhausting(2)}channel.receive()`);
      await first.receive();
      const others = Array.from({ length: 6 }, (_, n) =>
        gateway.remoteExec<number, number>('channel.send(args); channel.receive()', n),
      );
      for (const channel of others.slice(0, 2)) await channel.receive();
      assert.equal(await numbers(gateway), [3, 4]);
      for (const channel of others.slice(0, 2)) {
        await channel.send(0);
        await channel.waitClose();
      }
      for (const [n, channel] of others.slice(2).entries()) {
        assert.is(await channel.receive(), n + 2);
        await channel.send(0);
        await channel.waitClose();
      }
      await first.send(0);
      await first.waitClose();
      assert.is(await gateway.call('abs', [-1]), 1);
    },
  );

  add(
    { stdio: 'ignore' },
    'where the system gives no more threads, a callback is an error of its channel, and the end is as ever',
    async (gateway) => {
      using marker = new Marker();
      const channel = gateway.remoteExec<string, string>(
        `${exhausting(0)}channel.setcallback(channel.send)\nimport time\nwhile not channel.isclosed(): time.sleep(0.001)`,
      );
      await channel.receive();
      await channel.send('called back');
      assert.match((await failureOf(channel.receive())).message, 'thread');
      await settled(gateway);
      assert.is(await gateway.call('abs', [-1]), 1);
      await gateway.remoteExec(AT_EXIT, marker.file).waitClose();
      await gateway.terminate();
      assert.is(marker.text, 'at exit');
    },
  );
}

/** Code that breaks the library, or what is built in, by what it leaves. */
const BREAKAGE: Readonly<Record<string, string>> = {
  'threads that can not be started': `
    import threading
    threading.Thread.start = threading.Thread.run = lambda self: 1 // 0`,
  'no class of threads': `
    import threading
    threading.Thread = None`,
  'locks that fail': `
    import threading
    def fail(*args): raise RuntimeError('no lock')
    for name in 'Lock RLock Condition Event'.split(): setattr(threading, name, fail)`,
  'a profiler that fails': `
    import threading
    def fail(*args): raise RuntimeError('no profile')
    threading.setprofile(fail)`,
  'a tracer that fails': `
    import threading
    def fail(*args): raise RuntimeError('no trace')
    threading.settrace(fail)`,
  'no streams': `
    import sys
    del sys.stdout, sys.stderr`,
  'nothing built in': `
    import sys
    builtins = sys.modules.get('builtins') or sys.modules['__builtin__']
    delete = delattr
    for name in 'isinstance getattr Exception str range super type'.split(): delete(builtins, name)`,
  'calls of the system that are none': `
    import os, struct, sys, time
    os.path = os.getcwd = os.getpid = os.read = os.write = os._exit = None
    struct.pack = time.sleep = sys.exc_info = None`,
};

function broken(tests: PythonTests): void {
  for (const [what, text] of Object.entries(BREAKAGE))
    tests.testWith({ stdio: 'ignore' }, `code that leaves ${what} ends no gateway`, async (gateway) => {
      await gateway.remoteExec(text).waitClose();
      const busy = gateway.remoteExec<string, number>("channel.send('busy'); channel.receive()");
      assert.is(await busy.receive(), 'busy');
      for (let n = 0; n < 3; n++)
        assert.is(await gateway.remoteExec<number, number>('channel.send(args)', n).receive(), n);
      const error = (await failureOf(gateway.remoteExec('nowhere').waitClose())) as RemoteError;
      assert.is(error.remoteName, 'NameError');
      await busy.send(0);
      await busy.waitClose();
      await settled(gateway);
    });
}
