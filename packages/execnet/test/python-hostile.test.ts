// What a local end may do to a remote end in Python with bytes that no gateway writes.

import * as assert from 'uvu/assert';
import { dealtOf } from '../../../tools/lib/deal.mjs';
import { assertDropsLate, BareRemoteEnd, FLOODS } from './fixtures/bare-remote-end.ts';
import {
  CODE,
  concat,
  cut,
  frame,
  hardMutation,
  int32,
  pythonItem as item,
  PYTHON,
  Random,
  softMutation,
} from './fixtures/mutations.mjs';
import { middlePythons, modelsOf, oneOfEach, type RemotePython, withoutPython } from './fixtures/pythons.ts';
import { test, tier } from './fixtures/tests.ts';

/** Channels of the local end, and some of a remote end. */
const IDS = [1, 3, 5, 7, 9, 11, 512, 1024, 1536];

/** In the tier of all over 10,000 on CPython, PyPy and Python 2 together; the machine of Java takes seconds to start. */
const RUNS = tier === 'all' ? { cpython: 15, pypy: 15, jython: 2 } : { cpython: 5, pypy: 5, jython: 1 };
const FRAMES = 250;

/** A remote end is gone within two seconds of the loss of its connection, which other files time. Here it has much to read before it sees that: what takes longer hangs. */
const LIMIT = 20_000;

/** What its memory may grow by, in MB. */
const MOST = { cpython: 200, pypy: 300 };

const pythons: readonly RemotePython[] = [
  ...middlePythons,
  ...oneOfEach.filter(({ name }) => middlePythons.every((one) => one.name !== name)),
];

for (const python of pythons) {
  const { runtime } = python;
  const boot = (): Promise<BareRemoteEnd> => BareRemoteEnd.bootPython(python);

  python.test('it is fed mutated frames, and goes on, or ends with a reason', async () => {
    let refused = 0;
    for (let seed = 1; seed <= RUNS[runtime]; seed++) {
      await using remote = await boot();
      const random = new Random(seed);
      const hard = seed % 5 === 0;
      const mutate = hard ? hardMutation : softMutation;
      for (let n = 0; n < FRAMES && remote.running; n++) {
        for (const chunk of cut(random, mutate(random, IDS, PYTHON))) remote.input.write(chunk);
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      if (remote.running) assert.ok(remote.peak < 600, `seed ${seed}: ${remote.peak} MB`);
      // in whatever state it is: the end of the connection ends it
      remote.input.end();
      assert.ok(await remote.endsWithin(LIMIT), `seed ${seed}: it hangs\n${remote.stderr}`);
      if (/^execnet: /m.test(remote.stderr)) refused++;
      // a reason for who reads it, and no failure of its own
      assert.not.match(
        remote.stderr,
        /the receiver failed|execnet remote end/,
        `seed ${seed}\n${remote.stderr}`,
      );
    }
    assert.ok(refused > 0 || runtime === 'jython');
  });

  python.test('after frames that make no sense it answers, and can be terminated', async () => {
    await using remote = await boot();
    const request = { file: null, function: null, args: null };
    remote.input.write(
      concat(
        frame(CODE.CHANNEL_EXEC, 101, new Uint8Array(50).fill(255)),
        frame(CODE.CHANNEL_EXEC, 103, item('no request')),
        frame(CODE.CHANNEL_EXEC, 105, item({ ...request, kind: 'source', text: 'no python(' })),
        frame(CODE.CHANNEL_EXEC, 107, item({ ...request, kind: 'call', text: null, function: 'no.where' })),
        frame(CODE.CHANNEL_EXEC, 109),
        frame(CODE.CHANNEL_DATA, 9999, item(1)),
        frame(CODE.CHANNEL_CLOSE, 9997),
        frame(CODE.CANCEL, 9995),
        frame(CODE.CREDIT, 9993, int32(1)),
        frame(CODE.PONG, 0),
        frame(CODE.PING, 0, Buffer.from('are you there?')),
      ),
    );
    await remote.hears((said) => Buffer.from(said).includes('are you there?'));
    await remote.hears(() =>
      [101, 103, 105, 107, 109].every((id) => remote.payload(CODE.CHANNEL_CLOSE_ERROR, id) !== undefined),
    );
    remote.input.write(frame(CODE.STATUS, 11));
    await remote.hears((said) => Buffer.from(said).includes('numExecuting'));
    remote.input.write(frame(CODE.GATEWAY_TERMINATE, 0, int32(1000)));
    await remote.exited;
    assert.is(remote.child.exitCode, 0, remote.stderr);
  });

  for (const execmodel of modelsOf(python))
    python.test(
      `${execmodel}: what comes for an execution that has ended is dropped, whatever it is`,
      async () => {
        await using remote = await BareRemoteEnd.bootPython(python, { execmodel });
        const request = { kind: 'source', text: 'channel.send(42)', file: null, function: null, args: null };
        await assertDropsLate(remote, item(request), item(42));
      },
    );

  // the program is the same, and the machine of Java takes seconds to start
  if (runtime === 'jython') continue;

  for (const [what, bytes] of [
    ['a code that there is not', frame(99, 1)],
    ['a negative channel', frame(CODE.CHANNEL_DATA, -1, item(1))],
    ['RECONFIGURE of nothing', frame(CODE.RECONFIGURE, 0)],
    ['CREDIT of nothing', frame(CODE.CREDIT, 1, int32(0))],
    ['BIND of a negative channel', frame(CODE.BIND, 1, int32(-1))],
    ['a fragment without a first one', frame(CODE.FRAGMENT, 1, item(1))],
    ['an item without end', frame(CODE.FRAGMENT_FIRST, 1, concat(int32(-1), item(1)))],
  ] as const)
    python.test(`${what} ends it, and it says why`, async () => {
      await using remote = await boot();
      const source = { kind: 'source', text: 'channel.receive()', file: null, function: null, args: null };
      remote.input.write(concat(frame(CODE.CHANNEL_EXEC, 1, item(source)), bytes));
      assert.ok(await remote.endsWithin(LIMIT), remote.stderr);
      assert.match(remote.stderr, /^execnet: .+\n$/);
      assert.not.match(remote.stderr, /Traceback/);
    });

  python.test('a flood takes no unbounded memory', async () => {
    const closing = (n: number): Uint8Array => frame(CODE.CHANNEL_CLOSE, 2 * n + 101);
    const waiting = "channel.send('it waits')\nchannel.waitclose()";
    const source = { kind: 'source', text: waiting, file: null, function: null, args: null };
    for (const [index, make] of dealtOf([...FLOODS, closing], python.part).entries()) {
      await using remote = await boot();
      remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item(source)));
      await remote.hears((said) => Buffer.from(said).includes('it waits'));
      const before = remote.peak;
      await remote.flood(make, () =>
        assert.ok(remote.peak - before < MOST[runtime], `flood ${index}: ${remote.peak - before} MB`),
      );
      remote.lose();
      assert.ok(await remote.endsWithin(LIMIT), `flood ${index}: it hangs\n${remote.stderr}`);
    }
  });
}

if (pythons.length === 0) withoutPython();
else test.run();
