import type { Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled, stop } from '../gateway-tests.ts';
import {
  ECHO,
  evaluate,
  KEEP,
  keptAs,
  type PythonFixture,
  PythonTests,
  pythonFile,
  STEPS,
} from './python-tests.ts';

const MIB = 1024 * 1024;

/**
 * What handlers of signals do to an execution: they run between any two steps of the main thread, and raise. Jython runs them in a thread
 * of their own.
 */
export function pythonSignalSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'signals', fixture);
  interruptions(tests);
  handlers(tests);
  cancelled(tests);
  tests.run();
}

/** `alarms(seconds)` has a signal each few milliseconds whose handler raises `Alarm`, unless it interrupts code of the user itself. `quiet()` ends that. */
const ALARMS = `
import os, signal, threading, time
class Alarm(Exception): pass
def ring(number, frame):
    if '<remote exec>' not in frame.f_code.co_filename:
        raise Alarm()
def alarms(first, interval=0):
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, first, interval)
def quiet():
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
`;

function interruptions(tests: PythonTests): void {
  tests.testOnC('sends of any size that are interrupted all the time come whole', async (gateway) => {
    const channel = gateway.remoteExec<Uint8Array | number[]>(`${ALARMS}
sizes = (10, 3000, 70000, 300000, 3000000)
sent, interrupted, turn = [0] * 5, 0, 0
end = time.time() + 1
alarms(0.005, 0.005)
while time.time() < end:
    turn += 1
    try:
        channel.send(bytearray(sizes[turn % 5]))
        sent[turn % 5] += 1
    except Alarm:
        interrupted += 1
quiet()
channel.send(sent + [interrupted])`);
    const sizes = [10, 3000, 70_000, 300_000, 3_000_000];
    const came = sizes.map(() => 0);
    for await (const item of channel) {
      if (Array.isArray(item)) {
        const interrupted = item.pop() as number;
        assert.ok(interrupted > 2, `${interrupted} were interrupted`);
        // those that were interrupted may have come as well
        assert.ok(
          came.every((count, n) => count >= (item[n] as number)),
          `${came.join()} came of ${item.join()}`,
        );
        assert.ok(came.reduce((a, b) => a + b) <= item.reduce((a, b) => a + b) + interrupted);
      } else {
        const index = sizes.indexOf(item.length);
        assert.ok(index >= 0, `${item.length} bytes came`);
        came[index] = (came[index] as number) + 1;
      }
    }
    await works(gateway);
  });

  tests.testOnC('receives that are interrupted all the time lose nothing', async (gateway) => {
    const channel = gateway.remoteExec<number[], unknown>(`${ALARMS}
seen, interrupted = [], 0
alarms(0.005, 0.005)
while True:
    try:
        item = channel.receive()
        if item is None: break
        seen.append(item if isinstance(item, int) else len(item))
    except Alarm:
        interrupted += 1
quiet()
channel.send(seen + [interrupted])`);
    const expected: number[] = [];
    const end = Date.now() + 700;
    for (let n = 0; Date.now() < end; n++) {
      const size = n % 50 === 0 ? 200_000 + n : 0;
      await channel.send(size ? new Uint8Array(size) : n);
      expected.push(size || n);
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await channel.send(null);
    const seen = await channel.receive();
    const interrupted = seen.pop() as number;
    // while a greenlet waits they interrupt the hub
    assert.ok(tests.greenlets || interrupted > 2, `${interrupted} were interrupted`);
    assert.equal(seen, expected);
    await channel.waitClose();
    await works(gateway);
  });

  tests.testOnC(
    'what is interrupted at any of its steps is whole, and can be done again',
    async (gateway) => {
      const other = gateway.newChannel<string>();
      const given = gateway.newChannel<never, number>();
      const channel = gateway.remoteExec<number[]>(
        `${STEPS}
import gc, os, signal, time
# each step costs PyPy 20 ms
STRIDE = 61 if '__pypy__' in sys.builtin_module_names else 7
class Alarm(Exception): pass
rung = []
def ring(number, frame):
    rung.append(number)
    raise Alarm()
other, given = args
interrupted = []
signal.signal(signal.SIGUSR1, ring)
for work in (small, receive, called, large):
    step, over = 1, False
    while not over:
        before = len(rung)
        try:
            over = not at(step, lambda: os.kill(os.getpid(), signal.SIGUSR1), work)
            while not over and len(rung) == before: time.sleep(0.0005)
        except Alarm:
            sys.settrace(None)
            interrupted.append(1)
        step += STRIDE
signal.signal(signal.SIGUSR1, signal.SIG_DFL)
work = None
gc.collect()
# what was received, and then interrupted before it was kept, is the one thing that may be missing
channel.send([len(sent), len(interrupted), len(rung), sorted(got) == got and len(set(got)) == len(got)])
other.close()
given.close()`,
        [other, given],
      );
      const giving = (async () => {
        for (let n = 0; ; n++) await given.send(n);
      })();
      giving.catch(() => {});
      const lengths: number[] = [];
      for await (const { length } of other) lengths.push(length);
      const [sent, interrupted, rung, ordered] = await channel.receive();
      // of greenlets it may have been another one
      const all = tests.greenlets ? (interrupted as number) <= (rung as number) : interrupted === rung;
      assert.ok((interrupted as number) > 50 && all, `${interrupted} of ${rung}`);
      assert.ok(lengths.length >= (sent as number), `${lengths.length} came of ${sent}`);
      assert.equal([...new Set(lengths)], [5, 150_000]);
      assert.ok(ordered);
      await channel.waitClose();
      await settled(gateway);
    },
  );

  tests.testInWait('a timeout of that kind ends a receive for which nothing comes', async (gateway) => {
    const channel = gateway.remoteExec<string, string>(`${ALARMS}
alarms(0.1, 0.05)
try:
    channel.receive()
except Alarm:
    channel.send('gave up')
quiet()
channel.send(channel.receive())`);
    assert.is(await channel.receive(), 'gave up');
    await channel.send('goes on');
    assert.is(await channel.receive(), 'goes on');
    await channel.waitClose();
  });

  tests.testInWait(
    'an item that waits for room when it is interrupted comes whole, before the next',
    async (gateway) => {
      const items = gateway.newChannel<Uint8Array | string>();
      const channel = gateway.remoteExec<string>(
        `${ALARMS}
alarms(0.1, 0.05)
try:
    args.send(bytearray(8 << 20))
except Alarm:
    channel.send('interrupted')
quiet()
args.send('next')`,
        items,
      );
      assert.is(await channel.receive(), 'interrupted');
      assert.is(((await items.receive()) as Uint8Array).length, 8 * MIB);
      assert.is(await items.receive(), 'next');
      await channel.waitClose();
      items.close();
      await works(gateway);
    },
  );

  tests.testInWait('an item that has not begun when it is interrupted never comes', async (gateway) => {
    const items = gateway.newChannel<number | string>();
    const channel = gateway.remoteExec<number>(
      `${ALARMS}
signal.signal(signal.SIGALRM, ring)
sent = [0]
def ring_when_it_waits():
    before = None
    while before != sent[0]:
        before = sent[0]
        time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGALRM)
threading.Thread(target=ring_when_it_waits).start()
try:
    while True:
        args.send(sent[0])
        sent[0] += 1
except Alarm:
    channel.send(sent[0])
quiet()
args.send('next')`,
      items,
    );
    const sent = await channel.receive();
    const came: number[] = [];
    for (;;) {
      const item = await items.receive();
      if (item === 'next') break;
      came.push(item as number);
    }
    assert.equal(
      came,
      Array.from({ length: sent }, (_, n) => n),
    );
    await channel.waitClose();
    items.close();
  });
}

function handlers(tests: PythonTests): void {
  tests.testInWait('a handler may send on the channel whose send it interrupts', async (gateway) => {
    const items = gateway.newChannel<Uint8Array | string>();
    const channel = gateway.remoteExec<string>(
      `
import signal
def tell(*_):
    # not before it has begun, and waits for room
    if args._state.sending:
        signal.setitimer(signal.ITIMER_REAL, 0)
        channel.send('interrupted')
        args.send('from the handler')
signal.signal(signal.SIGALRM, tell)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
args.send(bytearray(8 << 20))
args.send('next')
signal.signal(signal.SIGALRM, signal.SIG_DFL)`,
      items,
    );
    assert.is(await channel.receive(), 'interrupted');
    assert.is(((await items.receive()) as Uint8Array).length, 8 * MIB);
    assert.is(await items.receive(), 'from the handler');
    assert.is(await items.receive(), 'next');
    await channel.waitClose();
    items.close();
  });

  tests.testOnC('handlers are set and looked up as ever', async (gateway) => {
    const channel = gateway.remoteExec<unknown[]>(`
import signal
def one(*_): pass
def two(*_): pass
def tried(what):
    try:
        what()
    except Exception as error:
        return type(error).__name__
seen = [
    signal.signal(signal.SIGUSR1, one) == signal.SIG_DFL,
    signal.getsignal(signal.SIGUSR1) is one,
    signal.signal(signal.SIGUSR1, two) is one,
    signal.signal(signal.SIGUSR1, signal.SIG_IGN) is two,
    signal.getsignal(signal.SIGUSR1) == signal.SIG_IGN,
    signal.signal(signal.SIGUSR1, signal.SIG_DFL) == signal.SIG_IGN,
    signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL,
]
channel.send(seen + [tried(lambda: signal.signal(signal.SIGUSR1, 'no handler')), tried(lambda: signal.signal(4711, one))])`);
    assert.equal(await channel.receive(), [...Array(7).fill(true), 'TypeError', 'ValueError']);
    await channel.waitClose();
  });

  tests.testOnC('broken pipes that are to end programs do not end the remote end', async (gateway) => {
    const channel = gateway.remoteExec<unknown[], null>(`
import os, signal, subprocess
def broken(): signal.signal(signal.SIGPIPE, signal.SIG_DFL)
seen = [signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN]
broken()
seen.append(signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL)
unread, write = os.pipe()
os.close(unread)
try:
    os.write(write, b'x')
except OSError:
    seen.append(True)
os.close(write)
# what it starts ends by them
child = subprocess.Popen(['sh', '-c', 'kill -PIPE $$; exit 3'], preexec_fn=broken)
seen.append(child.wait() == -signal.SIGPIPE)
channel.send(seen)
channel.receive()
channel.send([signal.signal(signal.SIGPIPE, signal.SIG_IGN) == signal.SIG_DFL, signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN])`);
    assert.equal(await channel.receive(), [true, true, true, true]);
    const ended = await gateway.spawn('true');
    ended.stdin.on('error', () => {});
    ended.stdin.end(Buffer.alloc(1_000_000));
    assert.equal(await ended.exited, { code: 0, signal: null });
    await channel.send(null);
    assert.equal(await channel.receive(), [true, true]);
    await channel.waitClose();
  });

  tests.testOnC('a handler runs while code of the user does, and gets the frame of that', async (gateway) => {
    const channel = gateway.remoteExec<unknown[]>(`
import os, signal, time
seen = []
def note(number, frame): seen.extend([number == signal.SIGUSR1, frame.f_code.co_filename])
signal.signal(signal.SIGUSR1, note)
os.kill(os.getpid(), signal.SIGUSR1)
while not seen: time.sleep(0.001)
signal.signal(signal.SIGUSR1, signal.SIG_DFL)
channel.send(seen)`);
    const [known, file] = await channel.receive();
    assert.is(known, true);
    assert.match(String(file), '<remote exec>');
    await channel.waitClose();
  });

  tests.testOnC('so does one that interrupts where another one is about to be called', async (gateway) => {
    const channel = gateway.remoteExec<unknown[]>(`
import os, signal, sys, time
seen = []
def first(number, frame):
    # as the interpreter calls it when a second signal comes there
    where = sys._getframe(1)
    where.f_globals['SIGNALS'].arrived(signal.SIGUSR2, where)
def second(number, frame): seen.append(frame is here)
signal.signal(signal.SIGUSR1, first)
signal.signal(signal.SIGUSR2, second)
here = sys._getframe()
os.kill(os.getpid(), signal.SIGUSR1)
while not seen: pass
for number in (signal.SIGUSR1, signal.SIGUSR2): signal.signal(number, signal.SIG_DFL)
channel.send(seen)`);
    assert.equal(await channel.receive(), [true]);
    await channel.waitClose();
  });

  tests.testOnC('so it does in a method of an exposed object', async (gateway) => {
    using module = pythonFile(`
import os, signal, time
class Waiter(object):
    def wait(self):
        def ring(number, frame): raise ValueError('it rang')
        signal.signal(signal.SIGUSR1, ring)
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
            for _ in range(5000): time.sleep(0.001)
        finally:
            signal.signal(signal.SIGUSR1, signal.SIG_DFL)
`);
    await using waiter = await gateway.expose<{ wait(): void }>(module.function('Waiter'));
    assert.match((await failureOf(waiter.wait())).message, 'it rang');
    assert.match((await failureOf(waiter.wait())).message, 'it rang');
  });

  tests.testOnC('a handler runs once for a signal, wherever that has come', async (gateway) => {
    const channel = gateway.remoteExec<Uint8Array | number[]>(`
import os, signal, threading, time
rung = []
signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
sent = 0
def ring():
    for _ in range(20):
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGALRM)
ringing = threading.Thread(target=ring)
ringing.start()
while ringing.is_alive():
    channel.send(bytearray(200000))
# code that calls no channel, in which what has waited comes
end = time.time() + 0.3
while time.time() < end: pass
signal.signal(signal.SIGALRM, signal.SIG_DFL)
channel.send([len(rung)])`);
    let item: Uint8Array | number[];
    do item = await channel.receive();
    while (!Array.isArray(item));
    // signals of the same kind that come together may be one
    assert.ok((item[0] as number) >= 1);
    assert.ok((item[0] as number) <= 20, `${item[0]} for 20 signals`);
    await channel.waitClose();
  });

  // before, Python holds them up itself
  if (tests.since('3.8'))
    tests.testInWait('a handler may be interrupted by another', async (gateway) => {
      const channel = gateway.remoteExec<string[]>(`
import os, signal, time
class TooLong(Exception): pass
expected, seen = [], []
def bound(*_):
    if expected:
        expected.pop()
        raise TooLong()
def compute():
    end = time.time() + 5
    while time.time() < end: pass
def handle(*_):
    signal.signal(signal.SIGALRM, bound)
    for name, work in (('waited', lambda: channel.receive(5)), ('computed', compute)):
        try:
            expected.append(name)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            work()
        except TooLong:
            seen.append(name)
signal.signal(signal.SIGUSR1, handle)
os.kill(os.getpid(), signal.SIGUSR1)
while len(seen) < 2: time.sleep(0.001)
signal.signal(signal.SIGUSR1, signal.SIG_DFL)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
channel.send(seen)`);
      assert.equal(await channel.receive(), ['waited', 'computed']);
      await channel.waitClose();
    });

  tests.testInWait('a wait in which a handler has waited hears of a cancellation', async (gateway) => {
    const other = gateway.newChannel();
    const channel = gateway.remoteExec<string>(
      `${KEEP}
import os, signal, threading
keep('seen', [])
def handle(*_):
    try:
        channel.receive(0.01)
    except channel.TimeoutError:
        channel.send('handled')
signal.signal(signal.SIGUSR1, handle)
threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
try:
    args.receive()
except channel.Cancelled:
    keep('seen', ['cancelled'])
    raise
finally:
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)`,
      other,
    );
    assert.is(await channel.receive(), 'handled');
    await stop(channel);
    assert.equal(await keptAs(gateway, 'seen'), ['cancelled']);
    other.close();
  });

  tests.testOnC('one that raises when nothing is executed ends nothing', async (gateway) => {
    const rung = gateway.newChannel<string>();
    await gateway
      .remoteExec(
        `
import signal
def ring(number, frame):
    while frame is not None:
        if frame.f_code.co_name == 'execute':
            return
        frame = frame.f_back
    signal.setitimer(signal.ITIMER_REAL, 0)
    args.send('rung')
    raise ValueError('an alarm that nobody waits for')
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)`,
        rung,
      )
      .waitClose();
    assert.is(await rung.receive(), 'rung');
    await works(gateway);
    await gateway.remoteExec('import signal\nsignal.signal(signal.SIGALRM, signal.SIG_DFL)').waitClose();
    rung.close();
  });
}

function cancelled(tests: PythonTests): void {
  tests.testBeside(
    'an item that waits for room on another channel comes whole when its execution is cancelled',
    async (gateway) => {
      const items = gateway.newChannel<Uint8Array | string>();
      const channel = gateway.remoteExec(
        `${KEEP}\nkeep('items', args)\nchannel.send('begins')\nargs.send(bytearray(3 << 20))`,
        items,
      );
      await channel.receive();
      // until it has begun, and used up the room that there is
      const begun = (): Promise<unknown> =>
        gateway
          .remoteExec('state = args._state\nchannel.send(state.sending and state.credit < 2000)', items)
          .receive();
      while ((await begun()) !== true) await new Promise((resolve) => setTimeout(resolve, 20));
      await stop(channel);
      const next = gateway.remoteExec("args.send('next')", items);
      assert.is(((await items.receive()) as Uint8Array).length, 3 * MIB);
      assert.is(await items.receive(), 'next');
      await next.waitClose();
      items.close();
      await works(gateway);
    },
  );
}

/** The gateway serves what comes next. */
async function works(gateway: Gateway): Promise<void> {
  assert.is(await evaluate(gateway, 'args', 'works'), 'works');
  const channel = gateway.remoteExec<Uint8Array, Uint8Array>(ECHO);
  void channel.send(new Uint8Array(MIB));
  assert.is((await channel.receive()).length, MIB);
  await channel.end();
  await channel.waitClose();
}
