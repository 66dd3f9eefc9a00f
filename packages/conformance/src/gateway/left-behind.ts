import type { Channel, Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, occupy, stop } from './gateway-tests.ts';

/** What an execution has left unawaited when it is cancelled, or when nobody listens to it any more, harms nobody. */
export function leftBehindSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'left behind', fixture);
  for (const kind of KINDS)
    tests.test(`what a cancelled execution left unawaited ends nothing: ${kind}`, async (gateway) => {
      await leaves(gateway, kind, (channel) => channel.cancel(new RangeError('enough')));
    });
  for (const kind of KINDS)
    tests.testThreads(`nor does it on another thread, nor to the one beside it: ${kind}`, async (gateway) => {
      const busy = await occupy(gateway);
      await leaves(gateway, kind, (channel) => channel.cancel(new RangeError('enough')));
      await busy.end();
    });
  for (const kind of ['iterates', 'receives', 'sends', 'streams'] as const)
    tests.test(
      `nor does what was left unawaited by one whose channel was closed: ${kind}`,
      async (gateway) => {
        await leaves(gateway, kind, (channel) => channel.close());
      },
    );
  tests.testWith({}, 'what one that goes on has left unawaited is an error as ever', async (gateway) => {
    const shared = gateway.newChannel();
    const waits = async (channel: Channel, { shared }: { shared: Channel }) => {
      void (async () => {
        for await (const item of shared) await channel.send(item);
      })();
      await channel.receive();
    };
    const args = { shared: shared } as never;
    await stop(gateway.remoteExec(waits, args));
    const other = gateway.remoteExec(waits, args);
    await gateway.remoteStatus();
    shared.close(new RangeError('the shared one'));
    assert.match((await failureOf(other.waitClose())).message, 'the shared one');
  });

  tests.run();
}

const KINDS = [
  'iterates',
  'receives',
  'sends',
  'sends much',
  'waits for the close',
  'receives on another channel',
  'sends on another channel',
  'cleans up',
  'streams',
  'pipes',
  'listens to the signal',
  'a timer',
  'a wait of the platform',
  'waits for an event',
  'any of several',
] as const;

type Kind = (typeof KINDS)[number];

interface Args {
  readonly kind: Kind;
  readonly other: Channel<unknown, unknown>;
  readonly log: Channel<unknown, string>;
}

/** Leaves something of a kind unawaited, and cleans up for a moment when its own wait is over. */
const leaving = async (channel: Channel<unknown, unknown>, { kind, other, log }: Args): Promise<void> => {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const endless = async (step: () => Promise<unknown>) => {
    for (;;) {
      await step();
      await sleep(1);
    }
  };
  const floating: Record<Kind, () => unknown> = {
    iterates: async () => {
      for await (const item of channel) await other.send(item);
    },
    receives: () => channel.receive(),
    sends: () => endless(() => channel.send('item')),
    'sends much': () => endless(() => channel.send(new Uint8Array(500_000))),
    'waits for the close': () => channel.waitClose(),
    'receives on another channel': () => endless(() => other.receive()),
    'sends on another channel': () => endless(() => other.send('item')),
    'cleans up': async () => {
      try {
        await channel.receive();
      } finally {
        await channel.send('over');
      }
    },
    streams: () => void channel.makeFile('r').resume(),
    pipes: () => channel.readable.pipeTo(channel.writable),
    'listens to the signal': () =>
      channel.signal.addEventListener('abort', () => {
        throw channel.signal.reason;
      }),
    'a timer': () => {
      const timer = setInterval(() => {
        if (!channel.signal.aborted) return;
        clearInterval(timer);
        channel.signal.throwIfAborted();
      }, 1);
    },
    'waits for an event': async () => {
      const { default: EventEmitter } = await import('node:events');
      await EventEmitter.once(new EventEmitter(), 'never', { signal: channel.signal });
    },
    'any of several': () => Promise.any([channel.receive(), channel.receive()]),
    'a wait of the platform': async () => {
      const { setTimeout: delay } = await import('node:timers/promises');
      await delay(1_000_000, undefined, { signal: channel.signal });
    },
  };
  void floating[kind]();
  try {
    await log.send('begins');
    await channel.waitClose();
    await new Promise<void>((resolve) => {
      if (channel.signal.aborted) resolve();
      channel.signal.addEventListener('abort', () => resolve());
      void log.receive().then(() => resolve());
    });
  } finally {
    await sleep(20);
    await log.send('cleaned up');
  }
};

/** Has an execution leave something, and drops it; what is beside it, and what comes after it, works as before. */
async function leaves(
  gateway: Gateway,
  kind: Kind,
  drop: (channel: Channel<unknown, unknown>) => void,
): Promise<void> {
  const other = gateway.newChannel();
  const log = gateway.newChannel<string, unknown>();
  const channel = gateway.remoteExec(leaving, { kind, other: other, log: log });
  assert.is(await log.receive(), 'begins');
  drop(channel);
  await log.send('go on');
  assert.is(await log.receive(), 'cleaned up');
  await stop(channel);
  other.close();
  for (let n = 0; n < 5; n++) assert.is(await gateway.call((n) => n + 1, n), n + 1);
  assert.ok(gateway.hasReceiver);
}
