import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Channel, Gateway } from '@execnet/core';
import * as assert from 'uvu/assert';
import { type GatewayFixture, GatewayTests, settled } from './gateway-tests.ts';

/** Channels that one end drops while they are open: the other end sees them closed, and what executes goes on. */
export function garbageSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'dropped channels', fixture);
  heard(tests);
  waiting(tests);
  held(tests);
  droppedTests(tests, CODE);
  droppedThere(tests);
  tests.run();
}

/** A full collection at this end, without a flag on its command line. */
const collect: () => void = process.versions['bun']
  ? () => (globalThis as unknown as { Bun: { gc(force: true): void } }).Bun.gc(true)
  : collector();

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Runs something, and leaves nothing of it on the stack. */
export async function apart(run: () => unknown): Promise<void> {
  await run();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Collects until `promise` settles: a collector may leave something for the next round. */
export async function collecting<T>(gateway: Gateway, promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) await collectAll(gateway);
  return await promise;
}

/** Collects what is not held, as a rule. */
async function collectAll(gateway: Gateway, rounds = 1): Promise<void> {
  for (; rounds > 0; rounds--) {
    collect();
    await gateway.remoteStatus();
  }
}

type Log = Channel<string, string>;

function heard(tests: GatewayTests): void {
  tests.test('an execution whose channel is dropped is not cancelled, and goes on', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    await apart(async () => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>, log: Log) => {
        await log.send('started');
        const outcome = await channel.waitClose().then(
          () => 'closed',
          (error: Error) => error.name,
        );
        const sending = await channel.send(1).then(
          () => 'sent',
          (error: Error) => error.name,
        );
        await log.send(`${outcome}, ${sending}, cancelled: ${channel.signal.aborted}`);
        await log.send(`goes on with ${await log.receive()}`);
      }, log);
      assert.is(await log.receive(), 'started');
      assert.is(channel.isClosed, false);
    });
    assert.is(await collecting(gateway, log.receive()), 'closed, ChannelClosedError, cancelled: false');
    await log.send('its work');
    assert.is(await log.receive(), 'goes on with its work');
    log.close();
  });

  tests.test('so is one that blocks', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    await apart(async () => {
      gateway.remoteExec((channel: Channel, log: Log) => {
        log.sendSync('started');
        try {
          channel.receiveSync();
        } catch (error) {
          log.sendSync(`${(error as Error).name}, cancelled: ${channel.signal.aborted}`);
        }
        log.sendSync(`goes on with ${log.receiveSync()}`);
      }, log);
      assert.is(await log.receive(), 'started');
    });
    assert.is(await collecting(gateway, log.receive()), 'ChannelClosedError, cancelled: false');
    await log.send('its work');
    assert.is(await log.receive(), 'goes on with its work');
    log.close();
  });
}

/** The number of items that wait for room when a channel is dropped, of {@link SIZE} bytes each. */
const COUNT = 20;

const SIZE = 300_000;

function waiting(tests: GatewayTests): void {
  tests.test('what waits for room when a channel is dropped arrives', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    await apart(async () => {
      const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, never>, log: Log) => {
        await log.send('started');
        await log.receive();
        let bytes = 0;
        for await (const item of channel) bytes += item.length;
        await log.send(`${bytes}, cancelled: ${channel.signal.aborted}`);
      }, log);
      assert.is(await log.receive(), 'started');
      for (let n = 0; n < COUNT; n++) void channel.send(new Uint8Array(SIZE));
    });
    await collectAll(gateway, 5);
    await log.send('begin');
    assert.is(await collecting(gateway, log.receive()), `${COUNT * SIZE}, cancelled: false`);
    log.close();
  });

  tests.test('so does what code there sends on a channel that it drops', async (gateway) => {
    const channel = gateway.newChannel<Uint8Array, never>();
    const log = gateway.newChannel<string, string>();
    gateway.remoteExec(
      async (_: Channel, [channel, log, count, size]: [Channel<never, Uint8Array>, Log, number, number]) => {
        for (let n = 0; n < count; n++) void channel.send(new Uint8Array(size));
        await log.send('sent');
      },
      [channel, log, COUNT, SIZE] as never,
    );
    assert.is(await log.receive(), 'sent');
    await collectAll(gateway, 5);
    let bytes = 0;
    for (let n = 0; n < COUNT; n++) bytes += (await channel.receive()).length;
    assert.is(bytes, COUNT * SIZE);
    channel.close();
    log.close();
  });
}

function held(tests: GatewayTests): void {
  tests.test('a channel with a callback is held by it', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    const items: unknown[] = [];
    let ended!: () => void;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await apart(async () => {
      const channel = gateway.remoteExec(async (channel: Channel<never, number>, log: Log) => {
        await log.send('started');
        await log.receive();
        for (let item = 0; item < 3; item++) await channel.send(item);
      }, log);
      const take = (item: unknown): void => {
        items.push(item);
        if (item === 'end') ended();
      };
      channel.setCallback(take, { endMarker: 'end' });
      assert.is(await log.receive(), 'started');
    });
    await collectAll(gateway, 5);
    await log.send('go');
    await end;
    assert.equal(items, [0, 1, 2, 'end']);
    log.close();
  });

  tests.test('so is one of which somebody waits for an item', async (gateway) => {
    const log = gateway.newChannel<string, string>();
    let received: Promise<string> | undefined;
    await apart(async () => {
      const channel = gateway.remoteExec(async (channel: Channel<never, string>, log: Log) => {
        await log.send('started');
        await channel.send(await log.receive());
      }, log);
      assert.is(await log.receive(), 'started');
      received = channel.receive();
    });
    await collectAll(gateway, 5);
    await log.send('waited for');
    assert.is(await received, 'waited for');
    log.close();
  });
}

/** The same code in each language. `log` is a channel that outlives its own. */
export interface DroppedCode {
  /** Sends the sum of all numbers that come on the log. */
  addUp(gateway: Gateway, log: Channel<number>): Channel<unknown, number>;
  /** Says that it has started, waits until its channel is closed, and fails. */
  failLate(gateway: Gateway, log: Channel<string>): unknown;
  /** Says that it fails, and does. */
  fail(gateway: Gateway, log: Channel<string>): unknown;
  /** Name and message of that error. */
  readonly error: string;
}

const CODE: DroppedCode = {
  addUp: (gateway, log) =>
    gateway.remoteExec(async (channel: Channel<number>, log: Channel<never, number>) => {
      let sum = 0;
      for await (const item of channel) sum += item;
      await log.send(sum);
    }, log),
  failLate: (gateway, log) =>
    gateway.remoteExec(async (channel: Channel, log: Log) => {
      await log.send('started');
      await channel.waitClose();
      throw new RangeError('unheard');
    }, log as Log),
  fail: (gateway, log) =>
    gateway.remoteExec(async (_: Channel, log: Log) => {
      await log.send('fails');
      throw new RangeError('unheard');
    }, log as Log),
  error: 'RangeError: unheard',
};

export function droppedTests(tests: GatewayTests, { addUp, failLate, fail, error }: DroppedCode): void {
  tests.test('what an execution is sent before its channel is dropped arrives', async (gateway) => {
    const log = gateway.newChannel<number>();
    await apart(() => {
      const channel = addUp(gateway, log);
      for (let item = 1; item <= 100; item++) void channel.send(item);
    });
    assert.is(await collecting(gateway, log.receive()), 5050);
    log.close();
  });

  tests.test('that an execution fails after its channel was dropped is a warning', async (gateway) => {
    const log = gateway.newChannel<string>();
    await isWarned(gateway, error, async () => {
      failLate(gateway, log);
      assert.is(await log.receive(), 'started');
    });
    log.close();
  });

  tests.test('so it is where the channel is dropped after the failure', async (gateway) => {
    const log = gateway.newChannel<string>();
    await isWarned(gateway, error, async () => {
      fail(gateway, log);
      assert.is(await log.receive(), 'fails');
      await settled(gateway);
    });
    log.close();
  });
}

/** A line of a stack, in JavaScript or Python. */
const STACK = /\n\s+(at |File ".*", line )/;

/** Waits for the warning of an error that nobody receives, with its stack, when what `run` has begun is dropped. */
async function isWarned(gateway: Gateway, error: string, run: () => Promise<void>): Promise<void> {
  let note!: (warning: Error) => void;
  const warned = new Promise<void>((resolve) => {
    note = ({ message }) => {
      const told = message.includes('failed and nobody received its error') && message.includes(error);
      if (told && STACK.test(message)) resolve();
    };
  });
  process.on('warning', note);
  try {
    await apart(run);
    await collecting(gateway, warned);
  } finally {
    process.off('warning', note);
  }
}

function droppedThere(tests: GatewayTests): void {
  tests.test('a channel that remote code drops is closed here', async (gateway) => {
    const given = gateway.newChannel<string, string>();
    await gateway
      .remoteExec(async (_: Channel, given: Log) => {
        await given.send('has it');
      }, given)
      .waitClose();
    assert.is(await given.receive(), 'has it');
    const collectThere = async (): Promise<void> => {
      const { Bun } = globalThis as unknown as { Bun?: { gc(force: true): void } };
      if (Bun) Bun.gc(true);
      else {
        require('node:v8').setFlagsFromString('--expose-gc');
        require('node:vm').runInNewContext('gc')();
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    };
    while (!given.isClosed) await gateway.call(collectThere);
  });
}
