import * as assert from 'uvu/assert';
import { dealtOf } from '../../../tools/lib/deal.mjs';
import { assertDropsLate, BareRemoteEnd, FLOODS } from './fixtures/bare-remote-end.ts';
import { MODELS, ownRemoteEnds } from './fixtures/interpreters.ts';
import {
  CODE,
  concat,
  cut,
  frame,
  hardMutation,
  int32,
  item,
  Random,
  softMutation,
} from './fixtures/mutations.mjs';
import { test, tier } from './fixtures/tests.ts';

/** Channels of the local end, and some of a remote end. */
const IDS = [1, 3, 5, 7, 9, 11, 512, 514, 1024, 1026];

/** In the tier of all over 10,000 in all on the seven interpreters that are usual. Each fifth is mutated hard. */
const RUNS = tier === 'all' ? 10 : 5;
const FRAMES = 150;

/** A remote end is gone within two seconds of the loss of its connection, which other files time. Here it has much to read before it sees that: what takes longer hangs. */
const LIMIT = 20_000;

/** How long one that was sent what can't be understood may take to end by itself: it may be waiting for the rest of a large frame, and then for ever. */
const BY_ITSELF = 2000;

for (const interpreter of ownRemoteEnds) {
  interpreter.test('a remote end that is fed mutated frames goes on, or ends with a reason', async () => {
    let refused = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      await using remote = await BareRemoteEnd.boot(interpreter);
      const random = new Random(seed);
      const hard = seed % 5 === 0;
      const mutate = hard ? hardMutation : softMutation;
      for (let n = 0; n < FRAMES && remote.running; n++) {
        for (const chunk of cut(random, mutate(random, IDS))) remote.input.write(chunk);
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      if (remote.running) assert.ok(remote.peak < 400, `seed ${seed}: ${remote.peak} MB`);
      // if the connection ended at once, that might be seen first
      if (hard) await remote.endsWithin(BY_ITSELF);
      // in whatever state it is: the end of the connection ends it
      remote.input.end();
      const ended = await remote.endsWithin(LIMIT);
      assert.ok(ended, `seed ${seed}: it hangs\n${remote.stderr}`);
      const { exitCode, signalCode } = remote.child;
      // its own end, a protocol error, a mutated program's failure, or the kill that it gives itself
      assert.ok(
        exitCode === 0 || exitCode === 1 || signalCode === 'SIGKILL',
        `seed ${seed}: ${signalCode ?? exitCode}\n${remote.stderr}`,
      );
      if (exitCode === 1) {
        refused++;
        assert.not.match(
          remote.stderr,
          /TypeError: Cannot read|RangeError: offset|is not a function/,
          `seed ${seed}`,
        );
      }
    }
    assert.ok(refused > 0);
  });

  interpreter.test(
    'after frames that make no sense, a remote end answers and can be terminated',
    async () => {
      await using remote = await BareRemoteEnd.boot(interpreter);
      const write = (...frames: Uint8Array[]): void => void remote.input.write(concat(...frames));
      // before there is a thread, then with one
      for (const round of [1, 2]) {
        write(
          frame(CODE.CHANNEL_EXEC, 100 * round + 1, new Uint8Array(50).fill(255)),
          frame(CODE.CHANNEL_EXEC, 100 * round + 3, item('no request')),
          frame(CODE.CHANNEL_EXEC, 100 * round + 5, item({ kind: 'call', text: 'syntax error(', args: 1 })),
          frame(CODE.CHANNEL_DATA, 9999, item(1)),
          frame(CODE.CHANNEL_CLOSE, 9997),
          frame(CODE.CANCEL, 9995),
          frame(CODE.CREDIT, 9993, int32(1)),
          frame(CODE.PONG, 0),
          frame(CODE.PING, 0, Buffer.from(`ping ${round}`)),
        );
        await remote.hears((said) => Buffer.from(said).includes(`ping ${round}`));
      }
      const errors = (): number => {
        let count = 0;
        for (let n = 0; n < 6; n++) {
          const id = [101, 103, 105, 201, 203, 205][n] as number;
          const header = frame(CODE.CHANNEL_CLOSE_ERROR, id).subarray(0, 5);
          if (Buffer.from(remote.said).includes(Buffer.from(header))) count++;
        }
        return count;
      };
      await remote.hears(() => errors() === 6);
      write(frame(CODE.STATUS, 11));
      await remote.hears((said) => Buffer.from(said).includes('numExecuting'));
      write(frame(CODE.GATEWAY_TERMINATE, 0, int32(1000)));
      await remote.exited;
      assert.is(remote.child.exitCode, 0, remote.stderr);
    },
  );

  for (const execmodel of MODELS)
    interpreter.test(
      `${execmodel}: what comes for an execution that has ended is dropped, whatever it is`,
      async () => {
        await using remote = await BareRemoteEnd.boot(interpreter, { execmodel });
        await assertDropsLate(remote, item({ kind: 'call', text: '() => 42', args: 1 }), item(42));
      },
    );

  interpreter.test('a request that comes twice keeps a remote end from nothing', async () => {
    await using remote = await BareRemoteEnd.boot(interpreter);
    const exec = frame(
      CODE.CHANNEL_EXEC,
      1,
      item({ kind: 'function', text: '(channel) => channel.receive()', args: 1 }),
    );
    remote.input.write(concat(exec, exec, exec, frame(CODE.PING, 0, Buffer.from('there?'))));
    await remote.hears((said) => Buffer.from(said).includes('there?'));
    const start = performance.now();
    remote.input.write(frame(CODE.GATEWAY_TERMINATE, 0, int32(60_000)));
    await remote.exited;
    assert.ok(performance.now() - start < LIMIT, 'nothing is counted as running that is not');
  });

  // what is counted does not depend on the version
  if (interpreter !== ownRemoteEnds.find(({ kind }) => kind === interpreter.kind)) continue;
  interpreter.test('a flood takes no unbounded memory of a remote end', async () => {
    for (const [index, make] of dealtOf(FLOODS, interpreter.part).entries()) {
      await using remote = await BareRemoteEnd.boot(interpreter);
      const spin =
        '(channel) => { channel.sendSync("spinning"); for (const end = Date.now() + 300; Date.now() < end;); return channel.receive() }';
      remote.input.write(frame(CODE.CHANNEL_EXEC, 1, item({ kind: 'function', text: spin, args: 1 })));
      await remote.hears((said) => Buffer.from(said).includes('spinning'));
      const before = remote.peak;
      await remote.flood(make, () =>
        assert.ok(remote.peak - before < 200, `flood ${index}: ${remote.peak - before} MB`),
      );
      // both directions, as when the local process dies
      remote.lose();
      const ended = await remote.endsWithin(LIMIT);
      assert.ok(ended, `flood ${index}: it hangs\n${remote.stderr}`);
    }
  });
}

test.run();
