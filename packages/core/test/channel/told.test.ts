import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Channel, type ChannelState } from '../../src/channel/index.ts';
import type { RemoteError } from '../../src/errors/index.ts';
import { LinkPair } from './link-pair.ts';
import { rejection } from './rejection.ts';

const failure = new RangeError('the disk is full');

/** Uses of a channel that tell what the other end has failed with. */
const ways: Readonly<Record<string, (channel: Channel, pair: LinkPair) => Promise<unknown>>> = {
  receive: (channel) => rejection(channel.receive()),
  waitClose: (channel) => rejection(channel.waitClose()),
  sendSync: (channel, { local: { link } }) => {
    link.block = () => true;
    return rejection(Promise.resolve().then(() => channel.sendSync('chunk')));
  },
  'a file': async (channel) => {
    const file = channel.makeFile('w');
    const failed = once(file, 'error');
    file.write('chunk');
    return (await failed)[0];
  },
  'a file that ends': async (channel) => {
    const file = channel.makeFile('w');
    const failed = once(file, 'error');
    file.end();
    return (await failed)[0];
  },
  writable: (channel) => rejection(channel.writable.getWriter().write('chunk')),
  'writable that is closed': (channel) => rejection(channel.writable.getWriter().close()),
};

for (const [way, use] of Object.entries(ways))
  test(`who is told by ${way} what the other end failed with is not warned of it`, async () => {
    const pair = new LinkPair();
    const { here, there } = pair.channel();
    there.close(failure);
    await pair.settle();
    assert.match(((await use(here, pair)) as RemoteError).message, failure.message);
    (Channel.stateOf(here) as ChannelState).warnUnseen();
    assert.equal(pair.local.warnings, []);
  });

test('a send that fails may be one that nobody awaits: the end of the channel tells, or a warning', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  there.close(failure);
  await pair.settle();
  void here.send('chunk');
  (Channel.stateOf(here) as ChannelState).warnUnseen();
  assert.is(pair.local.warnings.length, 1);
});

test.run();
