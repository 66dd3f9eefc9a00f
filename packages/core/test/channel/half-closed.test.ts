import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Channel, type ChannelState } from '../../src/channel/index.ts';
import { ChannelClosedError, ConnectionLostError, RemoteError } from '../../src/errors/index.ts';
import { LinkPair } from './link-pair.ts';
import { rejection } from './rejection.ts';

/** More than a receiver takes in before somebody reads. */
const ITEM = 8 * 1024 * 1024;

const stateOf = (channel: Channel): ChannelState => Channel.stateOf(channel) as ChannelState;

test('the end comes behind what waits for room, and only then is it resolved', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  void here.send(new Uint8Array(ITEM));
  let ended = false;
  const end = here.end().then(() => {
    ended = true;
  });
  await pair.settle();
  assert.not(ended);
  assert.instance(await rejection(here.send(1)), ChannelClosedError);
  const item = there.receive();
  await pair.settle();
  assert.is(((await item) as Uint8Array).length, ITEM);
  await end;
  assert.instance(await rejection(there.receive()), ChannelClosedError);
  void there.send('still heard');
  await pair.settle();
  assert.is(await here.receive(), 'still heard');
  assert.not(here.isClosed);
  assert.is(pair.local.sent.at(-1), `CHANNEL_LAST_MESSAGE ${here.id}`);
  assert.not(pair.local.alive);
});

test('who ends second closes the channel, and both forget it', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  void there.send('last');
  await there.end();
  await pair.settle();
  void here.send('last');
  await here.end();
  assert.ok(here.isClosed);
  await pair.settle();
  assert.ok(there.isClosed);
  assert.is(await here.receive(), 'last');
  assert.is(await there.receive(), 'last');
  assert.is(pair.local.sent.at(-1), `CHANNEL_CLOSE ${here.id}`);
  assert.is(pair.local.link.channels.size + pair.remote.link.channels.size, 0);
});

test('ends that cross close the channel at both', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  await Promise.all([here.end(), there.end()]);
  await pair.settle();
  await Promise.all([here.waitClose(), there.waitClose()]);
  assert.ok(here.isClosed && there.isClosed);
  assert.is(pair.local.link.channels.size + pair.remote.link.channels.size, 0);
});

test('the end of an execution that has ended its channel is told to who waits for it', async () => {
  for (const failure of [undefined, { name: 'RangeError', message: 'late', stack: 'late' }]) {
    const pair = new LinkPair();
    const { here, there } = pair.channel();
    stateOf(here).execution = true;
    stateOf(there).execution = true;
    const received = rejection(here.receive());
    let over = false;
    const waiting = here.waitClose().finally(() => {
      over = true;
    });
    waiting.catch(() => {});
    await there.end();
    await pair.settle();
    assert.instance(await received, ChannelClosedError);
    assert.not(over);
    await here.end();
    assert.not(here.isClosed);
    stateOf(there).finish(failure && { error: failure }, () => {});
    await pair.settle();
    assert.ok(here.isClosed);
    if (failure) {
      assert.instance(await rejection(waiting), RemoteError);
      assert.instance(await rejection(here.waitClose()), RemoteError);
    } else await waiting;
    // iterating was over before, and stays so
    assert.instance(await rejection(here.receive()), ChannelClosedError);
    assert.is(pair.local.link.channels.size, 0);
  }
});

test('a lost connection is told to who waits for the end of an execution, and for what was not sent', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  stateOf(here).execution = true;
  await there.end();
  void here.send(new Uint8Array(ITEM));
  const waiting = [rejection(here.waitClose()), rejection(here.end())];
  await pair.settle();
  pair.local.link.end(new ConnectionLostError('gone'));
  for (const error of await Promise.all(waiting)) assert.instance(error, ConnectionLostError);
});

test('an ended channel that is dropped is closed at the other end', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  await here.end();
  stateOf(here).abandon();
  await pair.settle();
  assert.ok(there.isClosed);
  assert.is(pair.local.link.channels.size + pair.remote.link.channels.size, 0);
});

test('an end that can not come is told by a failed promise, which nobody has to look at', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  void here.send(new Uint8Array(ITEM));
  const end = rejection(here.end());
  void here.end();
  pair.local.link.end(new ConnectionLostError('gone'));
  assert.instance(await end, ConnectionLostError);
  void here.end();
});

test.run();
