import type { Channel, Gateway } from '@execnet/core';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, settled } from './gateway-tests.ts';

/**
 * Executions that begin, end, are cancelled and wait for a thread while items as large as several frames are on their way to them, in random order. What fails is told
 * with its schedule and the seed.
 */
export function scheduleSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'schedules', fixture);
  testSchedules(tests, (gateway, takes) => gateway.remoteExec(answerSizes, takes));
  tests.run();
}

/** Answers items with their sizes, so many of them, or until no more come. */
const answerSizes = async (channel: Channel<Uint8Array, number>, takes: number): Promise<void> => {
  if (takes === 0) return;
  let taken = 0;
  for await (const item of channel) {
    await channel.send(item.length);
    if (++taken === takes) return;
  }
};

/** Begins an execution that answers `takes` items with their sizes, or fewer if no more come. */
type Begin = (gateway: Gateway, takes: number) => Channel<number, Uint8Array>;

/** In milliseconds. A hang takes longer; Jython on a busy machine does not. */
const LIMIT = 30_000;

/** Schedules for each test; a gateway of their own serves all of them. */
const RUNS = 4;

/** The fate of one execution. */
interface Plan {
  /** So many items it takes. */
  readonly takes: number;
  /** Of each item, in bytes. */
  readonly size: number;
  /** After so many answers it has no more to do; `undefined` if it runs to its end. */
  readonly drop: number | undefined;
  /** In which way that is told. */
  readonly how: 'close' | 'cancel' | 'end';
}

const plan: fc.Arbitrary<Plan> = fc.record({
  takes: fc.nat(12),
  size: fc.oneof(
    fc.nat(100),
    fc.integer({ min: 60_000, max: 70_000 }),
    fc.integer({ min: 100_000, max: 600_000 }),
  ),
  drop: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
  how: fc.constantFrom('close', 'cancel', 'end'),
});

const plans = fc.array(plan, { minLength: 2, maxLength: 6 });

/** One that ends within an item, and one that waits for its thread. */
const QUEUED: Plan[] = [12, 0].map((takes) => ({ takes, size: 200_000, drop: undefined, how: 'close' }));

/** They go on until the gateway ends. */
const ENDLESS: Plan[] = [10, 70_000, 600_000].map((size) => ({
  takes: 1e9,
  size,
  drop: undefined,
  how: 'close',
}));

/** The threads that serve the executions: as many as usual, or so many. */
const THREADS = [undefined, 1, 2] as const;

/** Rounds of that, with one thread. */
const QUEUED_ROUNDS = 8;

const REPORT = { endOnFailure: true, includeErrorInReport: true };

/** Adds the tests of schedules, for a way to begin an execution. */
export function testSchedules(tests: GatewayTests, begin: Begin): void {
  /** Beside each other, where that can be. Returns what failed. */
  const carryOutAll = async (
    gateway: Gateway,
    plans: readonly Plan[],
    look?: () => void,
  ): Promise<unknown[]> => {
    const failures: unknown[] = [];
    const all = plans.map((one) => async () => {
      try {
        await carryOut(begin(gateway, one.takes), one, look);
        // the next would be refused
        if (tests.oneAtATime) await settled(gateway);
      } catch (error) {
        failures.push(error);
      }
    });
    if (tests.oneAtATime) for (const one of all) await one();
    else await Promise.all(all.map((one) => one()));
    return failures;
  };

  for (const threads of tests.oneAtATime ? [undefined] : THREADS) {
    const [fields, where] = threads === undefined ? [{}, ''] : [{ threads }, `threads=${threads}: `];
    const examples: [Plan[]][] = threads === 1 ? Array.from({ length: QUEUED_ROUNDS }, () => [QUEUED]) : [];
    tests.testWith(
      fields,
      `${where}no order of executions that end early loses one, or ends the gateway`,
      async (gateway) => {
        await fc.assert(
          fc.asyncProperty(plans, async (each) => {
            assert.equal(await carryOutAll(gateway, each), []);
            await settled(gateway);
          }),
          { numRuns: examples.length + RUNS, examples, ...REPORT },
        );
        // and it ends at any step
        await fc.assert(
          fc.asyncProperty(plans, fc.nat(20), async (each, step) => {
            let answers = 0;
            const end = (): void => {
              if (answers++ === step) void gateway.terminate();
            };
            const failures = await carryOutAll(gateway, [...each, ...ENDLESS], end);
            assert.ok(failures.length > 0);
            for (const failure of failures)
              assert.match((failure as { code?: string }).code ?? '', /^ERR_EXECNET_/, String(failure));
            await gateway.terminate();
          }),
          { numRuns: 1, ...REPORT },
        );
      },
    );
  }
}

/** Sends for as long as somebody may receive, and checks each answer. */
async function carryOut(
  channel: Channel<number, Uint8Array>,
  { takes, size, drop, how }: Plan,
  look: () => void = () => {},
): Promise<void> {
  const dropped = drop !== undefined && drop < takes;
  const sending = failureOf(async () => {
    for (let sent = 0; !dropped || how !== 'end' || sent < drop; sent++)
      await channel.send(new Uint8Array(size));
    await channel.end();
    throw new Error('all was sent');
  });
  for (let n = 0; n < Math.min(takes, drop ?? takes); n++) {
    assert.is(await channel.receive({ timeout: LIMIT }), size);
    look();
  }
  if (dropped && how === 'close') channel.close();
  if (dropped && how === 'cancel') {
    const enough = new Error('enough');
    channel.cancel(enough);
    // it may have been over before
    await channel.waitClose({ timeout: LIMIT }).catch((error: unknown) => {
      if (error !== enough) throw error;
    });
  } else await channel.waitClose({ timeout: LIMIT });
  await sending;
}
