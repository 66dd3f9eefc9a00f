import type { Channel, Gateway } from 'execnet';
import { RemoteError } from 'execnet';

/** Answers are counted from here on: until then both ends compile what they run. */
const WARM_UP = 200;
const ROUND_TRIPS = 400;

/** 4 MB in small pieces: several times what a receiver lets come before it reads. */
const ITEMS = 1000;
const ITEM_SIZE = 4 * 1024;

/** A sender that was looked at so often, every so many milliseconds, and did not move is held back; a busy machine delays it as well. */
const LOOKS = 5;
const LOOK = 20;

/** A function with typed arguments and result: `product` is a number. */
export async function product(gateway: Gateway): Promise<number> {
  return await gateway.call(({ a, b }: { a: number; b: number }) => a * b, { a: 6, b: 7 });
}

/** The median time of a small value there and back, in milliseconds. The remote code is written straight down. */
export async function roundTrip(gateway: Gateway): Promise<number> {
  await using channel = gateway.remoteExec((channel: Channel<number, number>) => {
    for (const item of channel.sync()) channel.sendSync(item);
  });
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
  await using items = gateway.remoteExec(
    async (
      channel: Channel<never, Uint8Array>,
      { progress, count, size }: { progress: Channel<never, number>; count: number; size: number },
    ) => {
      for (let i = 0; i < count; i++) {
        await channel.send(new Uint8Array(size).fill(i));
        await progress.send(i + 1);
      }
    },
    { progress: progress as Channel<never, number>, count: ITEMS, size: ITEM_SIZE },
  );
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
    await gateway.call(
      function loadSettings({ file }: { file: string }) {
        function parse(text: string): unknown {
          throw new RangeError(`${file}: port ${text} is out of range`);
        }
        const port = parse('70000');
        return { file, port };
      },
      { file: 'settings.json' },
    );
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new Error('the remote code was to throw, and did not');
}

/** The id of a process that remote code starts and leaves running. */
export async function startChild(gateway: Gateway): Promise<number> {
  return await gateway.call(async () => {
    const { spawn } = await import('node:child_process');
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    return child.pid as number;
  });
}
