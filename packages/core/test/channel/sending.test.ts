import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import { LinkPair } from './link-pair.ts';

/** What may wait for the connection while sends resolve at once. */
const TOLERATED = 65_536;

/** Whether `promise` has settled by the time everything else has had a turn. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

test('a send waits while much waits for the connection, so that a loop of them gives way', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  pair.local.queued = TOLERATED;
  strictEqual(await settled(here.send(1)), true);
  pair.local.queued = TOLERATED + 1;
  const sent = here.send(2);
  strictEqual(await settled(sent), false);
  pair.local.drain();
  await sent;
  strictEqual(await settled(here.send(3)), true);
  await pair.settle();
  deepStrictEqual([await there.receive(), await there.receive(), await there.receive()], [1, 2, 3]);
});

test('a binary that was not copied has left when its send resolves', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  pair.local.queued = 1;
  const sent = here.send(new Uint8Array(100_000));
  const received = there.receive();
  await pair.settle();
  strictEqual(((await received) as Uint8Array).length, 100_000);
  strictEqual(await settled(sent), false);
  pair.local.drain();
  await sent;
});

test.run();
