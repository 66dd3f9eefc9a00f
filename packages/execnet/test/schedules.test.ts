// Executions that begin, end, are cancelled and wait for a thread while items as large as many frames are on their way to them, in any order.

import { type Channel, type Gateway, Group } from 'execnet';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { test, tier } from './fixtures/tests.ts';

/** What hangs takes longer; a busy machine does not. In milliseconds. */
const LIMIT = 20_000;

const RUNS = tier === 'all' ? 50 : 8;

/** What one execution does: it receives some items, and answers with their sizes; after as many answers as `drop` says its channel is closed, or it is cancelled. */
interface Plan {
  readonly takes: number;
  readonly size: number;
  readonly drop: number | undefined;
  readonly how: 'close' | 'cancel';
}

const plan: fc.Arbitrary<Plan> = fc.record({
  takes: fc.nat(12),
  size: fc.oneof(
    fc.nat(100),
    fc.integer({ min: 60_000, max: 70_000 }),
    fc.integer({ min: 100_000, max: 900_000 }),
  ),
  drop: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
  how: fc.constantFrom('close', 'cancel'),
});

const sizes = async (channel: Channel<Uint8Array, number>, takes: number): Promise<void> => {
  for (let n = 0; n < takes; n++) await channel.send((await channel.receive()).length);
};

/** Sends for as long as somebody may receive, and checks each answer. */
async function carryOut(gateway: Gateway, { takes, size, drop, how }: Plan): Promise<void> {
  const channel = gateway.remoteExec(sizes, takes);
  const sending = failureOf(async () => {
    for (;;) await channel.send(new Uint8Array(size));
  });
  for (let n = 0; n < Math.min(takes, drop ?? takes); n++)
    assert.is(await channel.receive({ timeout: LIMIT }), size);
  const dropped = drop !== undefined && drop < takes;
  const enough = new Error('enough');
  if (dropped && how === 'close') channel.close();
  if (dropped && how === 'cancel') {
    channel.cancel(enough);
    // it may have been over before
    const failure = await channel.waitClose({ timeout: LIMIT }).catch((error: unknown) => error);
    assert.ok(failure === undefined || failure === enough, String(failure));
  } else await channel.waitClose({ timeout: LIMIT });
  await sending;
}

for (const interpreter of ownRemoteEnds) {
  for (const fields of ['threads=1', 'threads=2', 'execmodel=worker//threads=2', 'execmodel=structured'])
    interpreter.test(
      `${fields}: no order of executions that end early loses one, or ends the gateway`,
      async () => {
        await using group = new Group();
        const gateway = await group.makeGateway(specOf(interpreter, fields));
        await fc.assert(
          fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 8 }), async (plans) => {
            await Promise.all(plans.map((one) => carryOut(gateway, one)));
            assert.is(await gateway.call((n) => n, plans.length, { timeout: LIMIT }), plans.length);
          }),
          { numRuns: RUNS },
        );
        // and while all of that goes on
        const busy = [10, 70_000, 900_000].map((size) =>
          failureOf(carryOut(gateway, { takes: 1e9, size, drop: undefined, how: 'close' })),
        );
        assert.is((await gateway.remoteStatus()).numExecuting > 0, true);
        await gateway.terminate();
        for (const error of await Promise.all(busy)) assert.instance(error, Error);
      },
    );
}

test.run();
