import type { Gateway } from 'execnet';
import { RemoteError } from 'execnet';
import { remoteCodeFor } from './remote-code-for.ts';

/** Answers are counted from here on: until then both ends compile what they run. */
const WARM_UP = 200;
const ROUND_TRIPS = 400;

/** 4 MB in small pieces: several times what a receiver lets come before it reads. */
const ITEMS = 1000;
const ITEM_SIZE = 4 * 1024;

/** A sender that was looked at so often, every so many milliseconds, and did not move is held back; a busy machine delays it as well. */
const LOOKS = 5;
const LOOK = 20;

/** The median time of a small value there and back, in milliseconds. */
export async function roundTrip(gateway: Gateway): Promise<number> {
  await using channel = remoteCodeFor(gateway).echo(gateway);
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + ROUND_TRIPS; i++) {
    const start = performance.now();
    await channel.send(i);
    const back = await channel.receive();
    times.push(performance.now() - start);
    if (back !== i) throw new Error(`sent ${i}, and ${back} came back`);
  }
  const counted = times.slice(WARM_UP).sort((a, b) => a - b);
  return counted[counted.length >> 1] as number;
}

export interface StreamResult {
  readonly total: number;
  /** How many items the sender could send while one was read. */
  readonly sentUnread: number;
}

/** A stream whose reader stops after one item: how far the sender comes, and that everything arrives in order afterwards. */
export async function heldBack(gateway: Gateway): Promise<StreamResult> {
  const progress = gateway.newChannel<number>();
  let sent = 0;
  progress.setCallback((count) => {
    sent = count;
  });
  await using items = remoteCodeFor(gateway).items(gateway, { progress, count: ITEMS, size: ITEM_SIZE });
  let received = 0;
  const check = (item: Uint8Array): void => {
    if (item.length !== ITEM_SIZE || item[0] !== (received & 0xff) || item.at(-1) !== item[0])
      throw new Error(`item ${received} is not the one that was sent`);
    received++;
  };
  check(await items.receive());
  let sentUnread = 0;
  for (let still = 0; still < LOOKS; still = sent > 0 && sent === sentUnread ? still + 1 : 0) {
    sentUnread = sent;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  for await (const item of items) check(item);
  if (received !== ITEMS) throw new Error(`${received} of ${ITEMS} items arrived`);
  progress.close();
  return { total: ITEMS, sentUnread };
}

/** An error that remote code throws, as the caller gets it. */
export async function remoteError(gateway: Gateway): Promise<RemoteError> {
  try {
    await remoteCodeFor(gateway).fail(gateway);
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new Error('the remote code was to throw, and did not');
}
