import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { duplexOf, localHost } from '../../src/host/index.ts';
import type { Connection } from '../../src/registry/index.ts';

const shell = (text: string): Promise<Connection> =>
  localHost.spawn({ file: 'sh', args: ['-c', text], env: {}, descriptors: { input: 3, output: 4 } });

test('a connection is a stream: bytes both ways, and each direction ends apart', async () => {
  const stream = duplexOf(await shell('cat <&3 >&4; printf " end" >&4'));
  const sent = Buffer.alloc(3_000_000, 'abcdefg');
  stream.write(sent.subarray(0, 1_000_000));
  stream.end(sent.subarray(1_000_000));
  const received = await buffer(stream);
  assert.ok(received.equals(Buffer.concat([sent, Buffer.from(' end')])));
});

test('who does not read stops the other side, and loses nothing', async () => {
  const connection = await shell('head -c 5000000 /dev/zero >&4');
  const stream = duplexOf(connection);
  // the process can't end before it was read
  const first = await Promise.race([
    connection.closed.then(() => 'ended'),
    once(stream, 'readable').then(() => 'readable'),
  ]);
  assert.is(first, 'readable');
  assert.ok(stream.readableLength < 1_000_000, `${stream.readableLength}`);
  assert.is((await buffer(stream)).length, 5_000_000);
});

test('destroying the stream aborts the connection', async () => {
  const connection = await shell('sleep 1000');
  const stream = duplexOf(connection);
  stream.destroy();
  await once(stream, 'close');
  assert.is((await connection.closed).signal, 'SIGKILL');
});

test.run();
