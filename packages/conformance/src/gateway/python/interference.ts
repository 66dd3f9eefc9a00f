import type { RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled } from '../gateway-tests.ts';
import { itemsOf, type PythonFixture, PythonTests, STEPS } from './python-tests.ts';

/** Code that runs, or replaces something, in the midst of what a remote end does for its connection. */
export function pythonInterferenceSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'interference', fixture);
  collected(tests);
  replaced(tests);
  forked(tests);
  described(tests);
  tests.run();
}

function collected(tests: PythonTests): void {
  // Python 2 collects no circle with a `__del__` in it
  tests.testOn3('what the collector runs at any place may send and close', async (gateway) => {
    const side = gateway.newChannel<string>();
    const count = 3000;
    const channel = gateway.remoteExec<string, number>(
      `
      import gc
      class Node(object):
          def __init__(self): self.me = self
          def __del__(self):
              side.send('bye')
              other.close()
      side = args
      other = channel.gateway.newchannel()
      if hasattr(gc, 'set_threshold'): gc.set_threshold(10)
      for item in channel: Node()
      gc.collect()
      channel.send('through')`,
      side,
    );
    for (let n = 0; n < count; n++) await channel.send(n);
    await channel.end();
    assert.is(await channel.receive(), 'through');
    await channel.waitClose();
    assert.is(await side.receive(), 'bye');
    side.close();
    await settled(gateway);
  });

  // what the collector calls comes between any two steps
  tests.testOnC('at any step of what sends or receives, code may send, close and end', async (gateway) => {
    const side = gateway.newChannel<string | number>();
    const other = gateway.newChannel<string>();
    const given = gateway.newChannel<never, number>();
    const channel = gateway.remoteExec<[number, number, number]>(
      `${STEPS}
# each step of the last one costs PyPy 20 ms
STRIDE = 37 if '__pypy__' in sys.builtin_module_names else 3
side, other, given = args
acts, done, refused = [], [], []
def act():
    acts.append(1)
    side.send(len(acts))
    other.send('')
    try:
        one = channel.gateway.newchannel()
        one.send(1)
        one.end()
        one.close()
        given.receive()
        done.append(1)
    except RuntimeError as error:
        assert 'in the midst' in str(error)
        refused.append(1)
for work in (small, receive, called, large):
    step = 1
    while at(step, act, work): step += STRIDE
channel.send([len(acts), len(done), len(refused)])
other.send('the end')
other.close()
side.send('the end')
side.close()
given.close()`,
      [side, other, given],
    );
    const giving = (async () => {
      for (let n = 0; ; n++) await given.send(n);
    })();
    giving.catch(() => {});
    const sizes = new Map<number, number>();
    const counting = (async () => {
      for await (const { length } of other) sizes.set(length, (sizes.get(length) ?? 0) + 1);
    })();
    const numbers = await itemsOf(side);
    await counting;
    const [acts, done, refused] = await channel.receive();
    assert.ok(done > 0 && refused > 0, `${done} did all, ${refused} were refused something`);
    const expected = [...Array.from({ length: acts }, (_, n) => n + 1), 'the end'];
    // of greenlets several may be in it at once
    assert.equal(
      tests.greenlets ? new Set(numbers) : numbers,
      tests.greenlets ? new Set(expected) : expected,
    );
    assert.is(numbers.length, expected.length);
    assert.is(sizes.get(0), acts);
    assert.ok((sizes.get(150_000) ?? 0) > 1);
    await channel.waitClose();
    await settled(gateway);
  });

  // a tracing function is called for each step of ours
  tests.testOnC('a profiler may send', async (gateway) => {
    const side = gateway.newChannel<string>();
    const channel = gateway.remoteExec<number>(
      `
      import sys
      sent = []
      def profile(frame, event, arg):
          if not sent and frame.f_code.co_name == 'enter':
              sent.append(1)
              args.send('seen')
      sys.setprofile(profile)
      try:
          for n in range(20): channel.send(n)
      finally:
          sys.setprofile(None)
      channel.send(len(sent))`,
      side,
    );
    const items = await itemsOf(channel);
    assert.is(items.length, 21);
    if (items.at(-1) === 1) assert.is(await side.receive(), 'seen');
    side.close();
  });

  tests.test('waitclose waits for the callbacks of what has come, and not inside of one', async (gateway) => {
    const given = gateway.newChannel<never, number>();
    const channel = gateway.remoteExec<unknown>(
      `
      import time
      got = []
      def take(item):
          time.sleep(0.001)
          got.append(item)
      args.setcallback(take)
      channel.send('set')
      args.waitclose()
      channel.send(len(got))`,
      given,
    );
    assert.is(await channel.receive(), 'set');
    for (let n = 0; n < 100; n++) await given.send(n);
    given.close();
    assert.is(await channel.receive(), 100);
    await channel.waitClose();
  });
}

function replaced(tests: PythonTests): void {
  tests.testOnC('calls of the system that code replaces are its own matter', async (gateway) => {
    const channel = gateway.remoteExec<unknown, unknown>(`
      import os, threading
      kept = os.read, os.write, threading.Thread
      def fails(*args, **kwargs): raise OSError('replaced')
      os.read = os.write = threading.Thread = fails
      try:
          channel.send(channel.receive())
          channel.send(bytearray(3000000))
      finally:
          os.read, os.write, threading.Thread = kept
      channel.send('restored')`);
    await channel.send('there');
    assert.is(await channel.receive(), 'there');
    assert.is(((await channel.receive()) as Uint8Array).length, 3_000_000);
    assert.is(await channel.receive(), 'restored');
    await channel.waitClose();
  });
}

function forked(tests: PythonTests): void {
  tests.testOnC('a child that code forked closes no channel of its parent', async (gateway) => {
    const given = gateway.newChannel<string>();
    const channel = gateway.remoteExec<string>(
      `
      import os, sys
      inner = channel.gateway.newchannel()
      args.send(inner)
      pid = os.fork()
      if pid == 0:
          del inner
          channel.makefile('w', proxyclose=True).close()
          sys.exit(0)
      os.waitpid(pid, 0)
      inner.send('goes on')
      channel.send('this too')`,
      given,
    );
    const inner = (await given.receive()) as unknown as typeof given;
    assert.is(await inner.receive(), 'goes on');
    assert.is(await channel.receive(), 'this too');
    await channel.waitClose();
    given.close();
  });

  tests.testOnC(
    'a child writes what it has left in its files, and runs what is to run at its exit',
    async (gateway) => {
      const channel = gateway.remoteExec<string>(`
      import atexit, os, tempfile
      folder = tempfile.mkdtemp()
      file = os.path.join(folder, 'file')
      pid = os.fork()
      if pid == 0:
          def append():
              with open(file + '2', 'w') as other: other.write('at exit')
          atexit.register(append)
          a, b, c = [open(file + name, 'w') for name in 'abc']
          for one in a, b, c: one.write('hello')
      else:
          os.waitpid(pid, 0)
          for name in 'abc2':
              channel.send(open(file + name).read())
              os.unlink(file + name)
          os.rmdir(folder)`);
      assert.equal(await itemsOf(channel), ['hello', 'hello', 'hello', 'at exit']);
    },
  );
}

/** Members of a class of errors, by what is wrong with it; those of its metaclass begin with `of`. */
const UNSEEN: Readonly<Record<string, string>> = {
  'fails to say its class': '__class__=property(lambda self: {}[1])',
  'has no attributes': '__getattribute__=lambda self, name: {}[1]',
  'fails to say its name': 'of__name__=property(lambda kind: {}[1])',
  'fails to say its code': 'code=property(lambda self: {}[1])',
  'has a stack that is none': '__traceback__=property(lambda self: 5), __cause__=property(lambda self: 5)',
  'has no properties': '__dict__=property(lambda self: {}[1])',
};

function described(tests: PythonTests): void {
  tests.test('an error that can not be shown is told all the same', async (gateway) => {
    for (const raised of ['KeyboardInterrupt()', 'SystemExit(4)', 'ValueError()']) {
      const error = await failureOf(
        gateway
          .remoteExec(`
            class Odd(Exception):
                def __str__(self): raise ${raised}
            raise Odd()`)
          .waitClose(),
      );
      assert.match(error.message, 'Odd: an error that can not be described');
    }
  });

  for (const [what, members] of Object.entries(UNSEEN))
    tests.test(`an error of a class that ${what} is told all the same`, async (gateway) => {
      const raised = `
def fail(*_):
    members = dict(${members})
    base = SystemExit if 'code' in members else Exception
    of = dict([(name[2:], members.pop(name)) for name in list(members) if name.startswith('of')])
    Odd = type('Kind', (type,), of)('Odd', (base,), members)
    raise Odd('as such')
`;
      for (const text of [`${raised}fail()`, `${raised}channel.setcallback(fail)\nchannel.waitclose()`]) {
        const channel = gateway.remoteExec<never, number>(text);
        channel.send(1).catch(() => {});
        const error = (await failureOf(channel.waitClose())) as RemoteError;
        assert.is(error.code, 'ERR_EXECNET_REMOTE');
        // some Pythons raise what the class fails with
        assert.ok(/as such|KeyError|AttributeError/.test(error.message), error.message);
      }
      assert.is(await gateway.call('abs', [-1]), 1);
    });

  tests.test('what of an error can not be copied leaves the rest', async (gateway) => {
    const error = (await failureOf(
      gateway
        .remoteExec(`
          class Row(object):
              def __repr__(self): raise KeyError('no text')
          class Odd(Exception):
              exceptions = property(lambda self: 1 // 0)
          error = Odd('as such')
          error.status = 404
          error.row = Row()
          raise error`)
        .waitClose(),
    )) as RemoteError;
    assert.match(error.message, 'as such');
    assert.is(error.properties?.['status'], 404);
  });

  tests.test('the lines of a stack are those of Python', async (gateway) => {
    const text = "x = 1\n\f\n# '\u2028' and '\u0085' end no line\ndef f():\n    raise ValueError('é')\nf()\n";
    const error = await failureOf(gateway.remoteExec(text).waitClose());
    assert.match(error.stack ?? '', 'line 5, in f');
    assert.match(error.stack ?? '', "raise ValueError('é')");
  });
}
