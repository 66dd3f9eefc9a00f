import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Channel, type ChannelState } from '../../src/channel/index.ts';
import { ChannelClosedError, ConnectionLostError, RemoteError } from '../../src/errors/index.ts';
import { Code, EMPTY } from '../../src/wire/index.ts';
import { LinkPair } from './link-pair.ts';
import { rejection } from './rejection.ts';

/** More than a receiver takes in before somebody reads. */
const ITEM = 8 * 1024 * 1024;

test('what waits for room at the close leaves when it is read, then the close, and then the channel is forgotten', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  void here.send(new Uint8Array(ITEM));
  void here.send('last');
  here.close();
  assert.ok(here.isClosed);
  await pair.settle();
  assert.not(there.isClosed);
  assert.is(pair.local.link.channels.size, 1);
  const [first, second] = [there.receive(), there.receive()];
  await pair.settle();
  assert.is(((await first) as Uint8Array).length, ITEM);
  assert.is(await second, 'last');
  assert.ok(there.isClosed);
  assert.is(pair.local.link.channels.size, 0);
  assert.is(pair.remote.link.channels.size, 0);
  assert.not(pair.local.alive);
});

test('two ends that both send much and close without reading come to an end', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const sends = [here, there].flatMap((end) => [
    end.send(new Uint8Array(ITEM)),
    end.send(new Uint8Array(ITEM)),
  ]);
  here.close();
  there.close();
  await pair.settle();
  await Promise.allSettled(sends);
  assert.is(pair.local.link.channels.size, 0);
  assert.is(pair.remote.link.channels.size, 0);
  assert.not(pair.local.alive);
  assert.not(pair.remote.alive);
});

test('cancelling an execution tells it first, and what waited is given up', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  (Channel.stateOf(here) as ChannelState).execution = true;
  const waiting = rejection(here.send(new Uint8Array(ITEM)));
  await pair.settle();
  const reason = new Error('enough');
  here.cancel(reason);
  await pair.settle();
  assert.is(await waiting, reason);
  const frames = pair.local.sent.filter((frame) => !frame.startsWith('FRAGMENT'));
  assert.equal(frames, [`CANCEL ${here.id}`, `CHANNEL_CLOSE ${here.id}`]);
});

test('closing a channel that was passed on cancels nothing', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  here.close();
  await pair.settle();
  assert.equal(pair.local.sent, [`CHANNEL_CLOSE ${here.id}`]);
  assert.ok(there.isClosed);
});

test('an end that was closed with an error tells it once, and warns if nobody hears it', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  there.close(new RangeError('too far'));
  await pair.settle();
  const error = (await here.receive().catch((error) => error)) as RemoteError;
  assert.instance(error, RemoteError);
  assert.is(error.remoteName, 'RangeError');
  assert.equal(pair.local.warnings, []);
});

/** The remote end reads one item of the carrier. */
async function carried<T>(pair: LinkPair, carrier: Channel): Promise<T> {
  const item = carrier.receive();
  await pair.settle();
  return (await item) as T;
}

test('a channel that is closed before the item with it is read still brings its items, and is closed then', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const inner = pair.local.link.channels.create();
  void here.send({ inner });
  void inner.send(1);
  void inner.send(2);
  inner.close();
  await pair.settle();
  const { inner: received } = await carried<{ inner: Channel }>(pair, there);
  assert.is(await received.receive(), 1);
  assert.is(await received.receive(), 2);
  assert.instance(await received.receive().catch((error) => error), ChannelClosedError);
  assert.is(pair.remote.link.channels.size, 1);
});

test('so does one that is in the item twice: it is one channel', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const inner = pair.local.link.channels.create();
  void here.send([inner, { again: inner }]);
  void inner.send(1);
  inner.close();
  await pair.settle();
  const [first, { again }] = await carried<[Channel, { again: Channel }]>(pair, there);
  assert.is(first, again);
  assert.is(await again.receive(), 1);
});

test('a channel in two items that is closed before the second is read is not taken for a new one', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const inner = pair.local.link.channels.create();
  void here.send(inner);
  void here.send(inner);
  await pair.settle();
  const first = await carried<Channel>(pair, there);
  inner.close();
  await pair.settle();
  assert.ok(first.isClosed);
  assert.is(await carried<Channel>(pair, there), first);
  assert.is(pair.remote.link.channels.size, 1);
});

test('channels inside items that nobody will read are closed with the channel of these items', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const open = pair.local.link.channels.create();
  const closed = pair.local.link.channels.create();
  void here.send([open, closed]);
  void closed.send(1);
  closed.close();
  await pair.settle();
  assert.is(pair.remote.link.channels.size, 3);
  // as if it had been collected
  const state = pair.remote.link.channels.get(there.id);
  if (state) state.facade = undefined;
  state?.abandon();
  await pair.settle();
  assert.is(pair.remote.link.channels.size, 0);
  assert.ok(open.isClosed);
});

test('an abandoned channel with a callback goes on receiving, and sends nothing more', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const seen: unknown[] = [];
  here.setCallback((item) => seen.push(item));
  pair.local.link.channels.get(here.id)?.abandon();
  await pair.settle();
  assert.equal(pair.local.sent, [`CHANNEL_LAST_MESSAGE ${here.id}`]);
  assert.instance(await there.receive().catch((error) => error), ChannelClosedError);
  void there.send('still heard');
  await pair.settle();
  assert.equal(seen, ['still heard']);
});

test('a cancelled execution that goes on is told to who waits for its end, and keeps nothing alive by itself', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  (Channel.stateOf(here) as ChannelState).execution = true;
  const before = rejection(here.waitClose());
  const reason = new Error('enough');
  here.cancel(reason);
  await pair.settle();
  assert.ok(there.isClosed);
  assert.ok(pair.local.alive);
  const after = rejection(here.waitClose());
  const bounded = rejection(here.waitClose({ timeout: 6000 }));
  for (const error of [await before, await after]) assert.is(error.code, 'ERR_EXECNET_STILL_RUNNING');
  assert.is((await bounded).name, 'TimeoutError');
  assert.not(pair.local.alive);
  // as the remote end does it when the execution is over at last
  pair.remote.link.writeFrame(Code.CHANNEL_CLOSE, here.id, EMPTY);
  await pair.settle();
  assert.is(await rejection(here.waitClose()), reason);
});

test('who waits for the end of a cancelled execution hears that the connection is lost', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  (Channel.stateOf(here) as ChannelState).execution = true;
  here.cancel();
  const waiting = rejection(here.waitClose());
  const lost = new ConnectionLostError('gone');
  pair.local.link.end(lost);
  assert.is(await waiting, lost);
  assert.is(await rejection(here.waitClose()), lost);
});

for (const pending of [false, true])
  test(`an execution whose channel was closed is told of when it is over: ${pending ? 'not all has left' : 'all has left'}`, async () => {
    const pair = new LinkPair();
    const { here, there } = pair.channel();
    (Channel.stateOf(here) as ChannelState).execution = true;
    (Channel.stateOf(there) as ChannelState).execution = true;
    let over = 0;
    (Channel.stateOf(here) as ChannelState).overHook = () => {
      over++;
    };
    if (pending) void here.send(new Uint8Array(ITEM));
    here.close();
    await pair.settle();
    await here.waitClose();
    assert.is(over, 0);
    (Channel.stateOf(there) as ChannelState).finish({ error: new RangeError('too far') }, () => {});
    pair.remote.link.flush();
    await pair.settle();
    assert.is(over, 1);
    assert.is(pair.local.warnings.length, 1);
    assert.match(pair.local.warnings[0] as string, 'nobody received its error');
    // what is over is not cancelled any more
    here.cancel(new Error('late'));
    await here.waitClose();
    assert.is(pair.local.link.channels.size, 0);
    assert.not(pair.local.alive);
  });

test('of an execution whose channel was closed nothing is told when the connection is lost', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  const state = Channel.stateOf(here) as ChannelState;
  state.execution = true;
  let over = 0;
  state.overHook = () => {
    over++;
  };
  here.close();
  await pair.settle();
  pair.local.link.end(new ConnectionLostError('gone'));
  assert.is(over, 1);
  assert.equal(pair.local.warnings, []);
  await here.waitClose();
  here.cancel();
  await here.waitClose();
});

test('a callback that fails when the channel was closed before is a warning', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  let fail: (error: Error) => void = () => {};
  here.setCallback(
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  void there.send(1);
  there.close();
  await pair.settle();
  assert.ok(here.isClosed);
  fail(new RangeError('a late callback'));
  await pair.settle();
  assert.match(pair.local.warnings.join(), 'failed after the channel was closed');
});

test.run();
