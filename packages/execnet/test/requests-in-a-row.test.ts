import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { test } from './fixtures/tests.ts';

/** Often enough that a request meets a thread in each of the states in which it may be. */
const ROUNDS = 300;

test('an execution that is cancelled right behind its request ends', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway();
  for (let round = 0; round < ROUNDS; round++) {
    gateway.remoteExec((channel: Channel) => channel.receive()).cancel();
    if (round % 3 === 0) assert.is(await gateway.call(() => 1, undefined, { timeout: 10_000 }), 1);
  }
  while ((await gateway.remoteStatus()).numExecuting > 0);
});

test('what is sent right behind a request reaches the execution, whatever its thread was about to do', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway();
  for (let round = 0; round < ROUNDS; round++) {
    const channel = gateway.remoteExec(async (channel: Channel<string, string>) => {
      for await (const item of channel) await channel.send(item);
    });
    for (const item of ['a', 'b', 'c']) void channel.send(item);
    for (const item of ['a', 'b', 'c']) assert.is(await channel.receive({ timeout: 10_000 }), item);
    // the next request comes while this execution is about to end
    channel.close();
  }
});

test.run();
