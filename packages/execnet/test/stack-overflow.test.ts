import { type Channel, type Gateway, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { MODELS, ownRemoteEnds, specOf } from './fixtures/interpreters.ts';
import { test } from './fixtures/tests.ts';

/** An item that is sent at once, one in two fragments, and one that waits for room. */
const SIZES = [1, 70_000, 300_000];

/** The frames below are moved by this many, so that other places of ours are the last ones. */
const SKEWS = [0, 1, 2, 3];

/** Calls itself until the stack is used up, and sends at each of the last levels; then tells how many of the sends failed and how many did not. */
async function exhaust(
  channel: Channel<never, string | { failed: number; sent: number }>,
  { size, blocking, skew }: { size: number; blocking: boolean; skew: number },
): Promise<void> {
  const item = 'x'.repeat(size);
  const promises: Promise<void>[] = [];
  let failed = 0;
  let sent = 0;
  const send = (): void => {
    try {
      if (blocking) channel.sendSync(item);
      else promises.push(channel.send(item));
      sent++;
    } catch {
      failed++;
    }
  };
  const descend = (level: number): number => {
    const own = level;
    try {
      descend(level + 1);
    } catch {
      // this is the end of the stack
    }
    // on the way back, till there is room for certain
    if (sent < 20) send();
    return own;
  };
  const begin = (more: number): number => (more > 0 ? begin(more - 1) : descend(0));
  begin(skew);
  const settled = await Promise.allSettled(promises);
  const rejected = settled.filter(({ status }) => status === 'rejected').length;
  await channel.send({ failed: failed + rejected, sent: sent - rejected });
}

const COUNT = 200;

/** Calls itself until the stack is used up, and receives at each of the last levels; the rest, and how many of the receives failed, afterwards. */
async function drain(
  channel: Channel<string, number | number[]>,
  { count, skew }: { count: number; skew: number },
): Promise<void> {
  const numbers: number[] = [];
  let failed = 0;
  const take = (item: string): void => {
    numbers.push(Number.parseInt(item, 10));
  };
  const descend = (level: number): number => {
    const own = level;
    try {
      descend(level + 1);
    } catch {
      // this is the end of the stack
    }
    if (numbers.length < count / 2)
      try {
        take(channel.receiveSync());
      } catch {
        failed++;
      }
    return own;
  };
  const begin = (more: number): number => (more > 0 ? begin(more - 1) : descend(0));
  begin(skew);
  while (numbers.length < count) take(await channel.receive());
  await channel.send(failed);
  await channel.send(numbers);
}

async function checkReceives(gateway: Gateway): Promise<void> {
  const wanted = Array.from({ length: COUNT }, (_, n) => n);
  for (const size of [1, 30_000])
    for (const skew of SKEWS) {
      const channel = gateway.remoteExec(drain, { count: COUNT, skew });
      const padding = 'x'.repeat(size);
      for (const n of wanted) void channel.send(`${n} ${padding}`);
      assert.ok(((await channel.receive()) as number) > 0);
      assert.equal(await channel.receive(), wanted);
      await channel.waitClose();
    }
}

/** Calls itself until the stack is used up, and makes, ends and closes channels at each of the last levels; then each again, where there is room. */
async function live(
  channel: Channel<never, number>,
  { kind, skew }: { kind: 'end' | 'close'; skew: number },
): Promise<void> {
  const channels: Channel[] = [];
  const promises: Promise<unknown>[] = [];
  let failed = 0;
  const act = (): void => {
    try {
      const made = channel.gateway.newChannel();
      channels.push(made);
      if (kind === 'end') promises.push(made.end());
      else made.close();
    } catch {
      failed++;
    }
  };
  const descend = (level: number): number => {
    const own = level;
    try {
      descend(level + 1);
    } catch {
      // this is the end of the stack
    }
    if (channels.length < 40) act();
    return own;
  };
  const begin = (more: number): number => (more > 0 ? begin(more - 1) : descend(0));
  begin(skew);
  await Promise.allSettled(promises);
  for (const one of channels) {
    await one.end().catch(() => {});
    one.close();
  }
  await channel.send(failed);
}

async function checkLives(gateway: Gateway): Promise<void> {
  for (const kind of ['end', 'close'] as const)
    for (const skew of SKEWS) {
      const channel = gateway.remoteExec(live, { kind, skew });
      assert.ok((await channel.receive()) > 0);
      await channel.waitClose();
      const { numChannels } = await gateway.remoteStatus();
      assert.is(numChannels, 0);
      assert.is(await gateway.call(() => 42), 42);
    }
}

async function check(gateway: Gateway): Promise<void> {
  for (const blocking of [false, true]) {
    for (const size of SIZES) {
      for (const skew of size > 1 ? SKEWS.slice(2) : SKEWS) {
        const channel = gateway.remoteExec(exhaust, { size, blocking, skew });
        let arrived = 0;
        for await (const item of channel) {
          if (typeof item === 'string') {
            assert.is(item.length, size);
            arrived++;
            continue;
          }
          assert.ok(item.failed > 0 && item.sent > 0, JSON.stringify(item));
          // of one that failed at the last moment the item may have left
          assert.ok(
            arrived >= item.sent && arrived <= item.sent + item.failed,
            `${arrived}: ${JSON.stringify(item)}`,
          );
        }
        assert.is(await gateway.call(() => 42), 42);
      }
    }
  }
}

for (const interpreter of ownRemoteEnds) {
  for (const execmodel of MODELS) {
    const made = (group: Group): Promise<Gateway> =>
      group.makeGateway(specOf(interpreter, `execmodel=${execmodel}`));
    interpreter.test(`${execmodel}: receives on a stack that is used up lose nothing`, async () => {
      await using group = new Group();
      await checkReceives(await made(group));
    });
    interpreter.test(
      `${execmodel}: channels that are made and ended on a stack that is used up hold up nothing`,
      async () => {
        await using group = new Group();
        await checkLives(await made(group));
      },
    );
    interpreter.test(`${execmodel}: sends on a stack that is used up fail, and hold up nothing`, async () => {
      await using group = new Group();
      await check(await made(group));
    });
  }
}

test('nor at the local end', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  for (const size of SIZES) {
    const channel = gateway.remoteExec(async (channel: Channel<string, number>) => {
      let arrived = 0;
      for await (const item of channel) {
        if (item === 'end') break;
        arrived++;
      }
      await channel.send(arrived);
    });
    const executions: Channel<number, never>[] = [];
    let told: { failed: number; sent: number } | undefined;
    const facade = {
      send: (item: string | { failed: number; sent: number }): Promise<void> => {
        if (typeof item !== 'string') {
          told = item;
          return channel.send('end');
        }
        executions.push(gateway.remoteExec<number, never>('await channel.send(1);'));
        return channel.send(item);
      },
    };
    await exhaust(facade as Channel<never, string | { failed: number; sent: number }>, {
      size,
      blocking: false,
      skew: 0,
    });
    const arrived = await channel.receive();
    assert.ok(told && told.failed > 0 && told.sent > 0, JSON.stringify(told));
    assert.ok(
      arrived >= told.sent && arrived <= told.sent + told.failed,
      `${arrived}: ${JSON.stringify(told)}`,
    );
    assert.equal(
      new Set(await Promise.all(executions.map((execution) => execution.receive()))),
      new Set([1]),
    );
  }
});

/** Calls itself until the stack is used up, and does this at each of the last levels; returns how often that failed. */
function atTheEnd(act: () => void, skew: number): number {
  let failed = 0;
  let done = 0;
  const descend = (level: number): number => {
    const own = level;
    try {
      descend(level + 1);
    } catch {
      // this is the end of the stack
    }
    try {
      if (done < 40) {
        act();
        done++;
      }
    } catch {
      failed++;
    }
    return own;
  };
  const begin = (more: number): number => (more > 0 ? begin(more - 1) : descend(0));
  begin(skew);
  return failed;
}

test('nor do channels that are made and ended there', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  for (const kind of ['end', 'close', 'send', 'waitClose'] as const)
    for (const skew of SKEWS) {
      const channels: Channel[] = [];
      const promises: Promise<unknown>[] = [];
      const failed = atTheEnd(() => {
        const channel = gateway.newChannel();
        channels.push(channel);
        if (kind === 'close') channel.close();
        else if (kind === 'end') promises.push(channel.end());
        else if (kind === 'send') promises.push(channel.send(1));
        else promises.push(channel.waitClose());
      }, skew);
      assert.ok(failed > 0 && channels.length > 0, `${kind}: ${failed} failed`);
      for (const channel of channels) channel.close();
      await Promise.allSettled(promises);
      assert.is((await gateway.remoteStatus()).numChannels, 0);
      assert.is(await gateway.call(() => 42), 42);
    }
});

test('receives there lose nothing', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway('popen');
  const wanted = Array.from({ length: COUNT }, (_, n) => n);
  for (const waiting of [false, true])
    for (const skew of SKEWS) {
      const channel = gateway.remoteExec(async (channel: Channel<null, number>, count: number) => {
        await channel.receive();
        for (let n = 0; n < count; n++) await channel.send(n);
      }, COUNT);
      await channel.send(null);
      // the others are there already
      const numbers = waiting ? [] : [await channel.receive()];
      const promises: Promise<number>[] = [];
      assert.ok(atTheEnd(() => promises.push(channel.receive()), skew) > 0);
      for (const result of await Promise.allSettled(promises))
        if (result.status === 'fulfilled') numbers.push(result.value);
      while (numbers.length < COUNT) numbers.push(await channel.receive());
      assert.equal(numbers, wanted);
      await channel.waitClose();
    }
});

test.run();
