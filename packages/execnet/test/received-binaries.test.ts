import { type Channel, Group } from 'execnet';
import * as assert from 'uvu/assert';
import { test } from './fixtures/tests.ts';

/** Large enough to be kept as they came, small enough that several come in one chunk. */
const SIZE = 17_000;

test('a binary that was received holds no more memory than itself', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway();
  const channel = gateway.remoteExec(
    async (channel: Channel<string, Uint8Array>, { size }: { size: number }) => {
      for (let i = 0; i < 100; i++) await channel.send(new Uint8Array(size));
    },
    { size: SIZE },
  );
  let most = 0;
  for await (const { buffer } of channel) most = Math.max(most, buffer.byteLength);
  assert.ok(most < 2 * SIZE, `one of ${SIZE} bytes keeps ${most}`);
});

test('a binary that was received does not change when more arrives', async () => {
  await using group = new Group();
  const gateway = await group.makeGateway();
  const channel = gateway.remoteExec(
    async (channel: Channel<string, Uint8Array>, { size }: { size: number }) => {
      for (let i = 0; i < 200; i++) await channel.send(new Uint8Array(size + i).fill(i));
    },
    { size: SIZE },
  );
  const received: Uint8Array[] = [];
  for await (const binary of channel) received.push(binary);
  assert.is(received.length, 200);
  received.forEach((binary, i) => {
    assert.is(binary.length, SIZE + i);
    assert.ok(
      binary.every((byte) => byte === i),
      `binary ${i} has changed`,
    );
  });
});

test.run();
