import { setTimeout as after } from 'node:timers/promises';
import { Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { middlePythons, modelsOf, pythonSpec, withoutPython } from './fixtures/pythons.ts';
import { test, tier } from './fixtures/tests.ts';

/** Alarms come for so long, in seconds. */
const SECONDS = tier === 'all' ? 60 : 2;

/** Sends, receives, makes channels and closes them, while each 5 ms a handler raises in the midst of that. */
const ALARMED = `
import signal, time
class Alarm(Exception): pass
def ring(number, frame):
    of_code = '<remote exec>' in frame.f_code.co_filename
    while frame is not None and not of_code:
        if frame.f_code in tried:
            raise Alarm()
        frame = frame.f_back
def passed_on():
    inner = channel.gateway.newchannel()
    channel.send(inner)
    inner.receive(5)
    inner.close()
def called_back():
    inner = channel.gateway.newchannel()
    inner.setcallback(lambda item: None, endmarker=None)
    channel.send(inner)
    inner.waitclose(5)
work = [
    lambda: channel.send(n),
    lambda: channel.receive(0.01),
    lambda: channel.send(bytearray(300000)),
    passed_on,
    lambda: channel.send('text'),
    called_back,
]
tried = [one.__code__ for one in work]
rung, n, end = 0, 0, time.time() + args
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
while time.time() < end:
    n += 1
    try:
        work[n % len(work)]()
    except Alarm:
        rung += 1
    except channel.TimeoutError:
        pass
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
channel.send({'rung': rung})
`;

/** Numbers come in their order, and all items whole; each channel gets an item, and is closed. */
async function serve(channel: Channel<unknown, number>): Promise<number> {
  let last = 0;
  for await (const item of channel) {
    if (item instanceof Channel) {
      void item.send('taken').catch(() => {});
      void item.end().catch(() => {});
      void item.waitClose().catch(() => {});
    } else if (typeof item === 'number') {
      assert.ok(item > last, `${item} behind ${last}`);
      last = item;
    } else if (item instanceof Uint8Array) assert.is(item.length, 300_000);
    else if (typeof item === 'object') return (item as { rung: number }).rung;
    else assert.is(item, 'text');
  }
  throw new Error('it ended');
}

for (const python of middlePythons)
  python.test(`alarms each 5 ms, for ${SECONDS} s, end no gateway, and nothing comes in parts`, async () => {
    await using group = new Group();
    const each = modelsOf(python).map(async (model) => {
      const gateway = await group.makeGateway(pythonSpec(python, 'stdio=ignore', `execmodel=${model}`));
      const channel = gateway.remoteExec<unknown, number>(ALARMED, SECONDS);
      const sending = (async () => {
        for (let n = 0; ; n++) {
          await channel.send(n);
          await after(5);
        }
      })().catch(() => {});
      const rung = await serve(channel);
      await channel.waitClose();
      await sending;
      // of greenlets it may have been another one, or the hub
      assert.ok(
        rung > (model === 'thread' || model === 'main_thread_only' ? 10 : 0),
        `${model}: ${rung} times`,
      );
      assert.is(await gateway.call('len', [[1, 2, 3]]), 3);
    });
    await Promise.all(each);
  });

if (middlePythons.length === 0) withoutPython();
else test.run();
