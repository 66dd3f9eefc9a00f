import type { Channel, Gateway, SpecObject } from '@execnet/core';
import * as assert from 'uvu/assert';
import { settled, stop } from '../gateway-tests.ts';
import { ECHO, KEEP, keptAs, type PythonFixture, PythonTests } from './python-tests.ts';

const MIB = 1024 * 1024;

/** What windows let pile up, and what else may come with it. Collectors that take their time need more. In MiB. */
const BOUNDS = { cpython: 16, pypy: 64, jython: 64 };

/** A Java machine takes as much as it finds before it collects. With a bounded heap, what shows is what is held; holding more than that fails. */
const LEAN = { cpython: {}, pypy: {}, jython: { 'env:JAVA_TOOL_OPTIONS': '-Xmx64m' } };

/** How many channels stall at a time. */
const MANY = 200;

/** Flow control: an end that does not read makes the other one wait. */
export function pythonFlowSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'flow control', fixture);
  waiting(tests);
  recursion(tests);
  tests.run();
}

/** What waits costs no memory there. The machine has to be this one, and Linux. */
export function pythonMemorySuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'memory', fixture);
  memory(tests, LEAN[fixture.runtime], BOUNDS[fixture.runtime]);
  tests.run();
}

/** Calls `count` until it gives the same twice, a while apart: then nothing moves any more. */
async function whenStalled(count: () => unknown): Promise<void> {
  for (let before: unknown = {}; before !== count(); ) {
    before = count();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Sends for as long as it can. */
function flood(channel: Channel, item: unknown): { readonly sent: number } {
  const state = { sent: 0 };
  void (async () => {
    for (;;) {
      await channel.send(item);
      state.sent++;
    }
  })().catch(() => {});
  return state;
}

/** Calls itself until the limit of recursion is reached, and sends on the way back, until there is room for certain. */
const RECURSION = `
def main(channel, size):
    item = 'x' * size
    told = {'sent': 0, 'failed': 0}
    def descend():
        try:
            descend()
        except RuntimeError:
            pass
        if told['sent'] < 20:
            try:
                through(12)
                told['sent'] += 1
            except RuntimeError:
                told['failed'] += 1
    def through(helpers):
        channel.send(item) if helpers == 0 else through(helpers - 1)
    def begin(more):
        begin(more - 1) if more else descend()
    for skew in range(4):
        begin(skew)
    return told

channel.send(main(channel, channel.receive()))
`;

function recursion(tests: PythonTests): void {
  tests.test('sends at the limit of recursion fail whole, and hold up nothing', async (gateway) => {
    for (const size of [1, 1000, 70_000, 300_000]) {
      const channel = gateway.remoteExec<string | { sent: number; failed: number }, number>(RECURSION);
      await channel.send(size);
      let arrived = 0;
      for await (const item of channel) {
        if (typeof item === 'string') {
          assert.is(item.length, size);
          arrived++;
        } else {
          assert.ok(item.failed > 0, JSON.stringify(item));
          assert.is(arrived, item.sent);
        }
      }
      assert.ok(arrived >= 20);
      await settled(gateway);
    }
  });
}

/** Makes channels and gives them up, and looks how many frames are left for the other end meanwhile. */
const CLOSES = `
frames = channel.gateway._link.output.box
most = 0
channel.send('begins')
for n in range(6000):
    one = channel.gateway.newchannel()
    if n % 3 == 0: one.reconfigure()
    if n % 2: one.close()
    del one
    most = max(most, len(frames))
channel.send(most)
`;

/** Something is left in the moment after a look that found nothing. Jython looks twice at the first half of an "and" that is not true. */
const LEFT_MEANWHILE = `
from collections import deque
class Box(deque):
    def __len__(self):
        size = deque.__len__(self)
        if size == 0: deque.append(self, b'')
        return size
    def __nonzero__(self): return len(self) > 0
    __bool__ = __nonzero__
link = channel.gateway._link
output = type(link.output)(-1)
output.box = Box()
output.pump()
other = type(link)(output, 'another', 'thread')
other.dropped = Box()
other.enter()
other.leave()
channel.send([output.lock.lock.locked(), other.lock.lock.locked()])
`;

function waiting(tests: PythonTests): void {
  tests.test('nobody goes on without the lock for what is left meanwhile', async (gateway) => {
    const channel = gateway.remoteExec<boolean[], never>(LEFT_MEANWHILE);
    assert.equal(await channel.receive(), [false, false]);
  });

  tests.test(
    'code that closes channel after channel waits for an end that does not read',
    async (gateway) => {
      // one of them stands in the write, and the other leaves it its frames
      const channels = [1, 2].map(() => gateway.remoteExec<string | number, never>(CLOSES));
      for (const channel of channels) assert.is(await channel.receive(), 'begins');
      // nothing is read meanwhile
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
      for (const channel of channels) {
        const most = (await channel.receive()) as number;
        assert.ok(most < 2000, `${most} frames were left`);
        await channel.waitClose();
      }
    },
  );

  tests.test(
    'a send here waits while code there does not read, and goes on when it does',
    async (gateway) => {
      const channel = gateway.remoteExec<number, unknown>(`
      channel.send(0)
      while channel.receive() != 'read': pass
      total = 0
      for item in channel:
          if item == 'end': break
          total += len(item)
      channel.send(total)
    `);
      await channel.receive();
      await channel.send('read');
      const other = gateway.newChannel<unknown, unknown>();
      // it is there, and never read
      await gateway.remoteExec(`${KEEP}\nkeep('unread', args)`, other).waitClose();
      const flooding = flood(other, new Uint8Array(10_000));
      await whenStalled(() => flooding.sent);
      assert.ok(flooding.sent * 10_000 < 4 * MIB, `${flooding.sent} items were taken`);
      for (let n = 0; n < 300; n++) await channel.send(new Uint8Array(10_000));
      await channel.send('end');
      assert.is(await channel.receive(), 3_000_000);
      await channel.waitClose();
      other.close();
    },
  );

  tests.test(
    'a send there waits while nobody reads here, and everything arrives when somebody does',
    async (gateway) => {
      const channel = gateway.remoteExec<Uint8Array | string>(`${KEEP}
for n in range(500):
    channel.send(bytearray(20000))
    keep('count', n + 1)
channel.send('end')`);
      let count = -1;
      for (let before = -2; count !== before; ) {
        before = count;
        await new Promise((resolve) => setTimeout(resolve, 300));
        count = (await keptAs<number | null>(gateway, 'count')) ?? 0;
      }
      assert.ok(count * 20_000 < 4 * MIB, `${count} items were sent`);
      let bytes = 0;
      for await (const item of channel) bytes += typeof item === 'string' ? 0 : item.length;
      assert.is(bytes, 10_000_000);
      await settled(gateway);
    },
  );

  tests.test('both ends may send before they receive, up to a megabyte', async (gateway) => {
    const channel = gateway.remoteExec<string, string>(
      "channel.send('y' * 300000)\nchannel.send(channel.receive())",
    );
    await channel.send('x'.repeat(300_000));
    assert.is((await channel.receive())[0], 'y');
    assert.is((await channel.receive()).length, 300_000);
    await channel.waitClose();
  });
}

/** By how much the peak of the remote end rises above what it has, in MiB. */
async function rise(gateway: Gateway, work: () => Promise<void>): Promise<number> {
  const peak = async (reset: boolean): Promise<number> => {
    const channel = gateway.remoteExec<string>(
      `
        if args:
            with open('/proc/self/clear_refs', 'w') as file: file.write('5')
        with open('/proc/self/status') as file:
            for line in file:
                if line.startswith('VmHWM'): channel.send(u'' + line.split()[1])
      `,
      reset,
    );
    const kilobytes = Number(await channel.receive());
    await channel.waitClose();
    return kilobytes / 1024;
  };
  const before = await peak(true);
  await work();
  return (await peak(false)) - before;
}

/** Streams `total` bytes from there, read slowly, so that collectors and buffers have what they want. */
async function stream(gateway: Gateway, total: number, pause = 0): Promise<void> {
  const channel = gateway.remoteExec<Uint8Array>(
    'for n in range(args): channel.send(bytearray(10000))',
    total / 10_000,
  );
  let bytes = 0;
  let told = 0;
  for await (const item of channel) {
    bytes += item.length;
    if (pause > 0 && bytes - told > MIB) {
      told = bytes;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  assert.is(bytes, total);
}

function memory(tests: PythonTests, lean: SpecObject, bound: number): void {
  tests.testWith(lean, 'a stream to a slow reader holds little there', async (gateway) => {
    await stream(gateway, 10_000_000);
    const risen = await rise(gateway, () => stream(gateway, 40_000_000, 2));
    assert.ok(risen < bound, `the peak rose by ${risen.toFixed(1)} MiB`);
  });

  tests.testWith(lean, 'an endless stream that nobody reads holds little there', async (gateway) => {
    await stream(gateway, 30_000_000);
    const risen = await rise(gateway, async () => {
      const channel = gateway.remoteExec<Uint8Array>('while True: channel.send(bytearray(100000))');
      await channel.receive();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await stream(gateway, 10_000_000);
      await stop(channel);
    });
    assert.ok(risen < bound, `the peak rose by ${risen.toFixed(1)} MiB`);
  });

  tests.testWith(
    { ...lean, threads: MANY + 10 },
    `${MANY} channels that stall here hold little there, and delay no other`,
    async (gateway) => {
      const echo = gateway.remoteExec<number, number>(ECHO);
      // as many threads as will be needed
      const threads = Array.from({ length: MANY }, () =>
        gateway.remoteExec<number>('channel.send(0); channel.receive()'),
      );
      for (const thread of threads) await thread.receive();
      for (const thread of threads) await thread.send(null);
      for (const thread of threads) await thread.waitClose();
      await stream(gateway, 30_000_000);
      const risen = await rise(gateway, async () => {
        const channels = Array.from({ length: MANY }, () =>
          gateway.remoteExec<Uint8Array>('while True: channel.send(bytearray(1000))'),
        );
        for (const channel of channels) await channel.receive();
        await new Promise((resolve) => setTimeout(resolve, 500));
        for (let n = 0; n < 50; n++) {
          await echo.send(n);
          assert.is(await echo.receive({ timeout: 10_000 }), n);
        }
        await stream(gateway, 2_000_000);
        await Promise.all(channels.map(stop));
      });
      assert.ok(risen < bound, `the peak rose by ${risen.toFixed(1)} MiB`);
      echo.close();
    },
  );

  tests.testWith(
    lean,
    `${MANY} channels that nobody reads there hold little there, and delay no other`,
    async (gateway) => {
      await stream(gateway, 30_000_000);
      const echo = gateway.remoteExec<number, number>(ECHO);
      const holder = gateway.remoteExec<number, unknown>(
        'held = channel.receive(); channel.send(len(held)); channel.receive()',
      );
      const channels = Array.from({ length: MANY }, () => gateway.newChannel());
      await holder.send(channels);
      assert.is(await holder.receive(), MANY);
      const risen = await rise(gateway, async () => {
        const floods = channels.map((channel) => flood(channel, new Uint8Array(1000)));
        await whenStalled(() => floods.reduce((sum, { sent }) => sum + sent, 0));
        for (const { sent } of floods) assert.ok(sent > 0);
        for (let n = 0; n < 50; n++) {
          await echo.send(n);
          assert.is(await echo.receive({ timeout: 10_000 }), n);
        }
      });
      assert.ok(risen < bound, `the peak rose by ${risen.toFixed(1)} MiB`);
      for (const channel of channels) channel.close();
      await holder.send(null);
      await holder.waitClose();
      echo.close();
    },
  );
}
