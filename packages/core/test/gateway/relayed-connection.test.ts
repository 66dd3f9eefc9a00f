import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RelayedConnection } from '../../src/gateway/relayed-connection.ts';
import type { RelayEvent } from '../../src/relay/messages.ts';
import { LinkPair } from '../channel/link-pair.ts';
import { Sink } from '../host/sink.ts';

test('what is printed arrives before the connection is aborted, and nothing of it afterwards', async () => {
  const pair = new LinkPair();
  const data = pair.channel();
  const events = pair.channel();
  const tell = async (event: RelayEvent): Promise<void> => {
    void events.there.send(event);
    await pair.settle();
  };
  const connection = new RelayedConnection(pair.local.link, 'middle', {
    data: data.here,
    events: events.here,
  });
  await tell({ what: 'connected', address: 'popen:1' });
  const sink = new Sink(connection);
  await tell({ what: 'output', stream: 'stderr', chunk: Buffer.from('before') });
  const aborted = connection.abort();
  await pair.settle();
  assert.is(await events.there.receive(), 'abort');
  await tell({ what: 'output', stream: 'stderr', chunk: Buffer.from(', while it ends') });
  await tell({ what: 'aborted', remains: [] });
  await aborted;
  await connection.closed;
  await tell({ what: 'output', stream: 'stderr', chunk: Buffer.from(', too late') });
  assert.is(sink.outputs.stderr, 'before, while it ends');
});

test.run();
