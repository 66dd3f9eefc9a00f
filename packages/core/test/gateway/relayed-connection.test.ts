import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ByteChannel } from '../../src/channel/index.ts';
import { RelayedConnection } from '../../src/gateway/relayed-connection.ts';
import type { RelayEvent } from '../../src/relay/messages.ts';
import { LinkPair } from '../channel/link-pair.ts';
import { Sink } from '../host/sink.ts';

/** A connection, and what stands in for its relay. */
async function relayed() {
  const pair = new LinkPair();
  const [data, events, stdout, stderr] = [pair.channel(), pair.channel(), pair.channel(), pair.channel()];
  const connection = new RelayedConnection(
    pair.local.link,
    { name: 'middle', fullName: 'middle (popen:1)' },
    {
      data: data.here,
      events: events.here,
      stdout: stdout.here,
      stderr: stderr.here,
    },
  );
  const tell = async (event: RelayEvent): Promise<void> => {
    void events.there.send(event);
    await pair.settle();
  };
  await tell({ what: 'connected', address: 'popen:1' });
  return {
    pair,
    connection,
    tell,
    order: () => events.there.receive(),
    data: new ByteChannel(data.there),
    stdout: new ByteChannel(stdout.there),
    stderr: new ByteChannel(stderr.there),
  };
}

test('what is printed arrives before the connection is aborted, and nothing of it afterwards', async () => {
  const { pair, connection, tell, order, stdout, stderr } = await relayed();
  const print = async (text: string): Promise<void> => {
    void stderr.send(Buffer.from(text));
    await pair.settle();
  };
  const sink = new Sink(connection);
  await print('before');
  const aborted = connection.abort();
  await pair.settle();
  assert.is(await order(), 'abort');
  await print(', while it ends');
  stdout.end();
  stderr.end();
  await tell({ what: 'closed', exit: { signal: 'SIGKILL', stderr: '' } });
  await tell({ what: 'aborted', remains: [] });
  await aborted;
  assert.is((await connection.closed).signal, 'SIGKILL');
  await print(', too late');
  assert.is(sink.outputs.stderr, 'before, while it ends');
});

test('what is printed and not taken holds up neither the other stream nor the end, and arrives before it', async () => {
  const { pair, connection, tell, stdout, stderr } = await relayed();
  const never = new Promise<void>(() => {});
  const got = { stdout: 0, stderr: 0 };
  connection.start({
    data: () => {},
    output: (stream, chunk) => {
      got[stream] += chunk.length;
      return stream === 'stdout' ? never : undefined;
    },
    end: () => {},
  });
  const sent: Promise<void>[] = [];
  for (let n = 0; n < 50; n++) sent.push(stdout.send(Buffer.alloc(10_000)) ?? Promise.resolve());
  for (let n = 0; n < 50; n++) sent.push(stderr.send(Buffer.alloc(10_000)) ?? Promise.resolve());
  await pair.settle();
  assert.is(got.stdout, 10_000);
  assert.is(got.stderr, 500_000);
  stdout.end();
  stderr.end();
  await tell({ what: 'closed', exit: { code: 3, stderr: '' } });
  await Promise.all(sent);
  assert.is((await connection.closed).code, 3);
  assert.is(got.stdout, 500_000);
});

test('how a process has ended is told although what it printed is still on its way when it is aborted', async () => {
  const { pair, connection, tell, stdout, stderr } = await relayed();
  const sink = new Sink(connection);
  await tell({ what: 'closed', exit: { signal: 'SIGKILL', stderr: 'killed' } });
  const reason = new Error('it closed its connection without ending');
  const aborted = connection.abort(reason);
  await tell({ what: 'aborted', remains: [] });
  void stdout.send(Buffer.alloc(10_000, 'x'));
  stdout.end();
  stderr.end();
  await pair.settle();
  await aborted;
  const { signal, stderr: tail, error } = await connection.closed;
  assert.equal([signal, tail, error], ['SIGKILL', 'killed', undefined]);
  assert.is(sink.outputs.stdout.length, 10_000);
});

test('how a process has ended is told although the gateway that tells is lost before it has told what was printed', async () => {
  const { pair, connection, tell, stdout } = await relayed();
  void stdout.send(Buffer.alloc(10_000));
  await tell({ what: 'closed', exit: { code: 3, stderr: '' } });
  pair.local.link.end(new Error('lost'));
  await pair.settle();
  assert.is((await connection.closed).code, 3);
});

/** One whose process has ended, with its last bytes still on their way. */
async function ended() {
  const all = await relayed();
  const { connection, data, tell, stdout, stderr } = all;
  let arrived = 0;
  connection.start({
    data: (chunk) => {
      arrived += chunk.length;
    },
    output: () => undefined,
    end: () => {},
  });
  void data.send(Buffer.alloc(1000));
  stdout.end();
  stderr.end();
  await tell({ what: 'end' });
  await tell({ what: 'closed', exit: { code: 0, stderr: '' } });
  assert.is((await connection.closed).code, 0);
  return { ...all, arrived: () => arrived };
}

test('the program lives until the last bytes of what has ended have come, and no longer', async () => {
  const { pair, data, arrived } = await ended();
  assert.is(pair.local.alive, true);
  void data.send(Buffer.alloc(1000));
  await pair.settle();
  assert.is(pair.local.alive, true);
  data.end();
  await pair.settle();
  assert.is(arrived(), 2000);
  assert.is(pair.local.alive, false);
});

test('what has ended and is not read does not keep the program alive, unless it is read again', async () => {
  const { pair, connection, data } = await ended();
  connection.pause();
  assert.is(pair.local.alive, false);
  connection.resume();
  assert.is(pair.local.alive, true);
  data.end();
  await pair.settle();
  assert.is(pair.local.alive, false);
  connection.ref();
  assert.is(pair.local.alive, false);
});

test('what has ended keeps the program alive no longer than its gateway', async () => {
  const { pair, connection } = await ended();
  pair.local.link.end(new Error('lost'));
  await pair.settle();
  connection.ref();
  assert.is(pair.local.alive, false);
});

test.run();
