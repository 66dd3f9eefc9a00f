import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'uvu';
import type { RemoteError } from '../../src/errors/index.ts';
import { execnetFormat, msgpack } from '../../src/serializer/index.ts';
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

for (const [name, serializer] of [
  ['msgpack', msgpack],
  ['execnet', execnetFormat],
] as const) {
  test(`large binaries arrive as they were, whatever their size, in the format ${name}`, async () => {
    const pair = new LinkPair(serializer);
    const { here, there } = pair.channel();
    // around the sizes of a frame and of what is not copied
    for (const size of [16_383, 16_384, 262_130, 262_138, 262_139, 262_144, 263_162, 524_288, 1_048_576]) {
      const data = new Uint8Array(size).map((_, at) => at * 7 + (at >> 8));
      const received = there.receive();
      await Promise.all([here.send(data), here.send('behind'), pair.settle()]);
      strictEqual(Buffer.compare(data, (await received) as Uint8Array), 0, `${size} bytes`);
      await pair.settle();
      strictEqual(await there.receive(), 'behind');
    }
  });
}

test('an error that the format has no words for is told as far as it has', async () => {
  const pair = new LinkPair(execnetFormat);
  const { here, there } = pair.channel();
  here.close(new Error('half a \ud800 pair', { cause: new Error('\udc00 the other') }));
  await pair.settle();
  const error = (await there.receive().catch((error: unknown) => error)) as Error & { cause: RemoteError };
  strictEqual(error.message, 'Error: half a \ufffd pair');
  strictEqual(error.cause.remoteMessage, '\ufffd the other');
});

test.run();
