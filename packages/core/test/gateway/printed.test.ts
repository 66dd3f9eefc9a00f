import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Printed } from '../../src/gateway/printed.ts';

const CHUNK = new Uint8Array(100_000);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what comes behind the end is for nobody, and waits for nobody', async () => {
  const printed = new Printed();
  const waits = printed.take(CHUNK);
  assert.instance(waits, Promise);
  printed.end();
  printed.end();
  assert.is(printed.take(CHUNK), undefined);
  await turn();
  let bytes = 0;
  for await (const chunk of printed.stream) bytes += (chunk as Uint8Array).length;
  assert.is(bytes, CHUNK.length);
  await waits;
});

test('a stream that its reader has destroyed lets all go on who wait', async () => {
  const printed = new Printed();
  const waits = printed.take(CHUNK);
  printed.stream.destroy();
  await waits;
  for (let n = 0; n < 100; n++) assert.is(printed.take(CHUNK), undefined);
  printed.end();
  await turn();
});

test.run();
