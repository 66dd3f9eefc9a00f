import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CancelledError,
  ChannelClosedError,
  ConnectionLostError,
  TimeoutError,
} from '../../src/errors/index.ts';
import { failure } from '../spec/failure.ts';
import { LinkPair } from './link-pair.ts';
import { rejection } from './rejection.ts';

test('only what somebody waits for keeps the program alive', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  assert.not(pair.local.alive);
  const receiving = here.receive();
  assert.ok(pair.local.alive);
  void there.send('item');
  await pair.settle();
  assert.is(await receiving, 'item');
  assert.not(pair.local.alive);

  void here.send('small');
  await pair.settle();
  assert.not(pair.local.alive);

  assert.instance(await rejection(here.receive({ timeout: 1 })), TimeoutError);
  assert.not(pair.local.alive);

  const controller = new AbortController();
  const aborted = rejection(here.receive({ signal: controller.signal }));
  const alsoAborted = rejection(here.waitClose({ signal: controller.signal }));
  assert.ok(pair.local.alive);
  controller.abort(new Error('enough'));
  assert.is((await aborted).message, 'enough');
  assert.is((await alsoAborted).message, 'enough');
  assert.not(pair.local.alive);

  const closing = here.waitClose();
  assert.ok(pair.local.alive);
  there.close();
  await pair.settle();
  await closing;
  assert.not(pair.local.alive);
  assert.not(pair.remote.alive);
});

test('a send that waits for room keeps the program alive until it has left', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const sending = here.send(new Uint8Array(8_000_000));
  await pair.settle();
  assert.ok(pair.local.alive);
  const item = there.receive();
  await pair.settle();
  await sending;
  assert.is(((await item) as Uint8Array).length, 8_000_000);
  assert.not(pair.local.alive);
});

test('a callback keeps the program alive until the channel has ended, also an async one', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const seen: unknown[] = [];
  here.setCallback(
    async (item) => {
      await Promise.resolve();
      seen.push(item);
    },
    { endMarker: 'end' },
  );
  assert.ok(pair.local.alive);
  void there.send(1);
  void there.send(2);
  await pair.settle();
  assert.ok(pair.local.alive);
  there.close();
  await pair.settle();
  assert.equal(seen, [1, 2, 'end']);
  assert.not(pair.local.alive);
});

test('the end of the connection rejects whatever waits, and lets the program go', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  const waits = [here.receive(), here.waitClose(), here.send(new Uint8Array(8_000_000))].map(rejection);
  await pair.settle();
  const lost = new ConnectionLostError('gone');
  pair.local.link.end(lost);
  for (const error of await Promise.all(waits)) assert.is(error, lost);
  assert.not(pair.local.alive);
  assert.is(await rejection(here.receive()), lost);
  assert.is(await rejection(here.send(1)), lost);
  assert.is(
    failure(() => pair.local.link.check()),
    lost,
  );
});

test('what arrived is received before the end of the connection is told', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  void there.send('first');
  void there.send('second');
  await pair.settle();
  pair.local.link.end(new ConnectionLostError('gone'));
  assert.is(await here.receive(), 'first');
  assert.is(await here.receive(), 'second');
  assert.instance(await rejection(here.receive()), ConnectionLostError);
});

test('a receive that was given up does not take an item from one that was not', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const controller = new AbortController();
  const received = [
    here.receive({ signal: controller.signal }).catch(() => 'given up'),
    here.receive(),
    here.receive({ timeout: 60_000 }),
  ];
  controller.abort();
  void there.send('a');
  void there.send('b');
  await pair.settle();
  assert.equal(await Promise.all(received), ['given up', 'a', 'b']);
});

test('cancelling makes receives reject, those of now and those that come', async () => {
  const pair = new LinkPair();
  const { there } = pair.channel();
  const state = pair.remote.link.channels.get(there.id);
  const receiving = rejection(there.receive());
  const { signal } = there;
  state?.cancel(new CancelledError('as wanted'));
  assert.instance(await receiving, CancelledError);
  assert.ok(signal.aborted);
  assert.is(signal.reason, await receiving);
  assert.is(await rejection(there.receive()), await receiving);
  assert.not(pair.remote.alive);
});

test('the signal of a channel that was cancelled before anybody asked for it is aborted', () => {
  const pair = new LinkPair();
  const { there } = pair.channel();
  pair.remote.link.channels.get(there.id)?.cancel(new CancelledError('as wanted'));
  assert.ok(there.signal.aborted);
});

test('receive on a closed channel rejects with the same error each time', async () => {
  const pair = new LinkPair();
  const { here } = pair.channel();
  here.close();
  const error = await rejection(here.receive());
  assert.instance(error, ChannelClosedError);
  assert.is(await rejection(here.receive()), error);
});

test.run();
