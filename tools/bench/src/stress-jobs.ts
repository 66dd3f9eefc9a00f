/** Jobs that the stress program gives to gateways. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as after } from 'node:timers/promises';
import { type Channel, ConnectionLostError, type Gateway, hasCode, RemoteError, TimeoutError } from 'execnet';
import { chance } from '../../lib/chance.mjs';

/** A job that takes longer hangs, also on a busy machine; in milliseconds. */
export const LIMIT = 90_000;

/** Choices that look like chance, the same for the same seed. */
export class Chance {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = chance(seed);
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** Of any order of magnitude: most are small. */
  size(): number {
    return Math.floor(2 ** (this.next() * 21));
  }
}

export class Hang extends Error {}

export const check = (right: boolean, what: string): void => {
  if (!right) throw new Error(what);
};

/** Something that a gateway is asked to do; rejects if the answer is wrong. */
export type Job = (gateway: Gateway, chance: Chance) => Promise<unknown>;

/** Floods what answers with the sizes of its items, and cancels it after some answers. */
async function cancelMidway(channel: Channel<number, Uint8Array>, chance: Chance): Promise<void> {
  const size = chance.size();
  const sending = (async () => {
    for (;;) await channel.send(new Uint8Array(size));
  })().catch(() => {});
  for (let n = chance.below(5); n > 0; n--)
    check((await channel.receive({ timeout: LIMIT })) === size, 'cancelled');
  const reason = new Error('enough');
  channel.cancel(reason);
  check((await failureOf(channel.waitClose({ timeout: LIMIT }))) === reason, 'cancelled');
  await sending;
}

/** Sends, and closes right behind that: what adds up the sizes of all items gets each of them. */
async function closeBehind(
  channel: Channel<never, Uint8Array>,
  told: Channel<number>,
  chance: Chance,
): Promise<void> {
  const sizes = Array.from({ length: chance.below(20) }, () => chance.size());
  for (const size of sizes) void channel.send(new Uint8Array(size));
  channel.close();
  const sum = sizes.reduce((sum, size) => sum + size, 0);
  check((await told.receive({ timeout: LIMIT })) === sum, `closed behind ${sum} bytes`);
  told.close();
}

/** Sends all that is sent here back, for `connects`. */
async function echoing(): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  });
}

/** Writes to what sends everything back, and sees it come. */
async function echoes(to: Writable, from: Readable, chance: Chance): Promise<void> {
  const sizes = Array.from({ length: 1 + chance.below(5) }, () => chance.size());
  const expected = sizes.reduce((sum, size) => sum + size, 0);
  const written = pipeline(
    sizes.map((size) => Buffer.alloc(size, 7)),
    to,
  );
  let seen = 0;
  const read = (async () => {
    for await (const chunk of from as AsyncIterable<Buffer>) seen += chunk.length;
  })();
  await Promise.all([written, read]);
  check(seen === expected, `${seen} of ${expected} bytes came back`);
}

/** Jobs for gateways of every interpreter. */
const COMMON: Record<string, Job> = {
  async status(gateway) {
    const { numExecuting } = await gateway.remoteStatus({ timeout: LIMIT });
    check(numExecuting >= 0, `status: ${numExecuting}`);
    await gateway.remoteInfo({ timeout: LIMIT });
  },
  async spawns(gateway, chance) {
    const child = await gateway.spawn('cat');
    child.stderr.resume();
    if (chance.below(3) === 0) {
      child.kill();
      check((await child.exited).signal === 'SIGTERM', 'a process that was killed');
      return;
    }
    await echoes(child.stdin, child.stdout, chance);
    check((await child.exited).code === 0, 'a process that ended');
  },
  async connects(gateway, chance) {
    await using server = await echoing();
    const stream = await gateway.connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    await echoes(stream, stream, chance);
  },
};

export const JAVASCRIPT: Record<string, Job> = {
  async echo(gateway, chance) {
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, Uint8Array>) => {
      for await (const item of channel) await channel.send(item);
    });
    const sizes = Array.from({ length: 1 + chance.below(10) }, () => chance.size());
    const sent = (async () => {
      for (const size of sizes) await channel.send(new Uint8Array(size).fill(size & 0xff));
    })();
    sent.catch(() => {});
    for (const size of sizes) {
      const { length, [length - 1]: last } = await channel.receive({ timeout: LIMIT });
      check(length === size && (size === 0 || last === (size & 0xff)), `echo of ${size} bytes: ${length}`);
    }
    await sent;
    channel.close();
    await channel.waitClose({ timeout: LIMIT });
  },
  async values(gateway, chance) {
    const value = {
      list: Array.from({ length: chance.below(2000) }, (_, n) => [n, String(n)]),
      map: new Map([[1, 2]]),
    };
    const back = await gateway.call((one: { list: unknown[] }) => one.list.length, value, { timeout: LIMIT });
    check(back === value.list.length, `values: ${back}`);
  },
  async flood(gateway, chance) {
    const count = 1 + chance.below(40);
    const channel = gateway.remoteExec(async (channel: Channel<never, Uint8Array>, count: number) => {
      for (let n = 0; n < count; n++) void channel.send(new Uint8Array(100_000));
    }, count);
    // a reader that is slow at times
    let seen = 0;
    for await (const item of channel) {
      seen += item.length;
      if (chance.below(10) === 0) await after(chance.below(20));
    }
    check(seen === count * 100_000, `flood: ${seen} bytes of ${count * 100_000}`);
  },
  async cancelled(gateway, chance) {
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, number>) => {
      for await (const item of channel) await channel.send(item.length);
    });
    await cancelMidway(channel, chance);
  },
  async closed(gateway, chance) {
    const told = gateway.newChannel<number>();
    const channel = gateway.remoteExec(
      async (channel: Channel<Uint8Array, never>, told: Channel<never, number>) => {
        let sum = 0;
        for await (const item of channel) sum += item.length;
        await told.send(sum);
      },
      told as never,
    );
    await closeBehind(channel, told, chance);
  },
  async fails(gateway) {
    const failure = await failureOf(
      gateway.call(() => {
        throw Object.assign(new TypeError('as wanted'), { status: 3 });
      }),
    );
    check(
      failure instanceof RemoteError &&
        failure.message === 'TypeError: as wanted' &&
        failure.properties?.['status'] === 3,
      `fails: ${String(failure)}`,
    );
  },
  async nested(gateway) {
    const inner = gateway.newChannel<number, number>();
    const channel = gateway.remoteExec(
      async (channel: Channel<never, string>, inner: Channel<number, number>) => {
        await inner.send((await inner.receive()) + 1);
        await channel.send('over');
      },
      inner as never,
    );
    await inner.send(41);
    check((await inner.receive({ timeout: LIMIT })) === 42, 'nested');
    check((await channel.receive({ timeout: LIMIT })) === 'over', 'nested');
    inner.close();
    await channel.waitClose({ timeout: LIMIT });
  },
  async callback(gateway, chance) {
    const count = chance.below(300);
    const channel = gateway.remoteExec(async (channel: Channel<never, number>, count: number) => {
      for (let n = 0; n < count; n++) await channel.send(n);
    }, count);
    let seen = 0;
    await new Promise<void>((resolve) => {
      channel.setCallback(
        (item) => {
          if (item === null) resolve();
          else seen++;
        },
        { endMarker: null },
      );
    });
    await channel.waitClose({ timeout: LIMIT });
    check(seen === count, `callback: ${seen} of ${count}`);
  },
  async late(gateway) {
    const failure = await failureOf(
      gateway.call(() => new Promise((resolve) => setTimeout(resolve, 200)), undefined, { timeout: 5 }),
    );
    check(failure instanceof TimeoutError, `late: ${String(failure)}`);
  },
  async prints(gateway) {
    await gateway.call(() => {
      for (let n = 0; n < 50; n++) console.log('printed', n);
    });
  },
  async blocks(gateway) {
    const channel = gateway.remoteExec(
      "for (let n = 0; n < 20; n++) channel.sendSync(channel.receiveSync() + n); channel.sendSync('over');",
    );
    for (let n = 0; n < 20; n++) {
      await channel.send(n);
      check((await channel.receive({ timeout: LIMIT })) === 2 * n, 'blocks');
    }
    check((await channel.receive({ timeout: LIMIT })) === 'over', 'blocks');
  },
  async dropped(gateway) {
    gateway.remoteExec(async (channel: Channel<never, string>) => {
      await channel.send('nobody reads this');
    });
  },
  async ended(gateway, chance) {
    const channel = gateway.remoteExec(async (channel: Channel<Uint8Array, number>) => {
      let sum = 0;
      for await (const { length } of channel) sum += length;
      await channel.send(sum);
    });
    const sizes = Array.from({ length: chance.below(20) }, () => chance.size());
    for (const size of sizes) void channel.send(new Uint8Array(size));
    await channel.end();
    const sum = sizes.reduce((sum, size) => sum + size, 0);
    check((await channel.receive({ timeout: LIMIT })) === sum, `ended behind ${sum} bytes`);
    await channel.waitClose({ timeout: LIMIT });
  },
  async streams(gateway, chance) {
    const [count, leaves] = [chance.below(200), chance.below(200)];
    let seen = 0;
    const items = gateway.stream(async function* (count: number) {
      for (let n = 0; n < count; n++) yield { n, filled: new Uint8Array(n * 10) };
    }, count);
    for await (const { n, filled } of items) {
      check(n === seen && filled.length === n * 10, `item ${n} of a stream`);
      if (++seen === leaves) return;
    }
    check(seen === count, `streams: ${seen} of ${count}`);
  },
  async objects(gateway, chance) {
    const count = 1 + chance.below(100);
    await using counter = await gateway.expose(() => {
      let sum = 0;
      return { add: (n: number) => (sum += n) };
    });
    const sums = await Promise.all(Array.from({ length: count }, () => counter.add(1)));
    check(
      sums.every((sum, n) => sum === n + 1),
      'the calls of an object keep their order',
    );
  },
  /** As fake timers do, while other code runs there. */
  async clocks(gateway) {
    const channel = gateway.remoteExec(async (channel: Channel<number, number>) => {
      const { setTimeout, setImmediate } = globalThis;
      const { now } = Date;
      const standing = (): never => 0 as never;
      if (setTimeout.name === standing.name) return;
      try {
        Object.assign(globalThis, { setTimeout: standing, setImmediate: standing });
        Date.now = standing;
        for (let n = 0; n < 10; n++) await channel.send(await channel.receive());
      } finally {
        Object.assign(globalThis, { setTimeout, setImmediate });
        Date.now = now;
      }
    });
    const answers = (async () => {
      for await (const n of channel) check(n < 10, 'clocks');
    })();
    for (let n = 0; n < 10; n++) void channel.send(n).catch(() => {});
    await answers;
  },
  ...COMMON,
};

/** Sends and receives while an alarm comes each 5 ms, for so many milliseconds; only the main thread is interrupted. */
const ALARMS = `
import signal, threading, time
class Alarm(Exception): pass
def ring(number, frame):
    if '<remote exec>' in frame.f_code.co_filename:
        return
    while frame is not None:
        # other executions are not asked
        if frame.f_globals is globals():
            raise Alarm()
        frame = frame.f_back
end = time.time() + args / 1000.0
try:
    before = signal.signal(signal.SIGALRM, ring)
except ValueError:
    end = 0
except Alarm:
    # the timer of another execution
    before = signal.SIG_DFL
if end:
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
while time.time() < end:
    try:
        channel.send(1)
        channel.receive(0.002)
    except (Alarm, channel.TimeoutError):
        pass
if end:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
`;

export const PYTHON: Record<string, Job> = {
  async echo(gateway, chance) {
    const channel = gateway.remoteExec<Uint8Array, Uint8Array>('for item in channel: channel.send(item)');
    for (let n = 1 + chance.below(10); n > 0; n--) {
      const size = chance.size();
      await channel.send(new Uint8Array(size));
      check((await channel.receive({ timeout: LIMIT })).length === size, `echo of ${size} bytes`);
    }
    channel.close();
    await channel.waitClose({ timeout: LIMIT });
  },
  async flood(gateway, chance) {
    const count = 1 + chance.below(40);
    const channel = gateway.remoteExec<Uint8Array>(
      "for n in range(args): channel.send(b'x' * 100000)",
      count,
    );
    let seen = 0;
    for await (const item of channel) seen += item.length;
    check(seen === count * 100_000, `flood: ${seen} bytes`);
  },
  async cancelled(gateway, chance) {
    const channel = gateway.remoteExec<number>('for item in channel: channel.send(len(item))');
    await cancelMidway(channel, chance);
  },
  async closed(gateway, chance) {
    const told = gateway.newChannel<number>();
    const text = 'total = 0\nfor item in channel: total += len(item)\nargs.send(total)';
    await closeBehind(gateway.remoteExec<never>(text, told), told, chance);
  },
  async fails(gateway) {
    const failure = await failureOf(gateway.call('int', ['x']));
    check(failure instanceof RemoteError && failure.remoteName === 'ValueError', `fails: ${String(failure)}`);
  },
  async threads(gateway) {
    const channel = gateway.remoteExec<number>(
      [
        'import threading',
        'def work(n):',
        '    for k in range(20): channel.send(n)',
        'threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]',
        'for one in threads: one.start()',
        'for one in threads: one.join()',
      ].join('\n'),
    );
    let seen = 0;
    for await (const item of channel) seen += item >= 0 ? 1 : 0;
    check(seen === 80, `threads: ${seen}`);
  },
  async prints(gateway) {
    await gateway.remoteExec("for n in range(50): print('printed %d' % n)").waitClose({ timeout: LIMIT });
  },
  /** Exceptions of a handler, between any two steps. */
  async alarms(gateway, chance) {
    const channel = gateway.remoteExec<number, number>(ALARMS, 20 + chance.below(200));
    const sum = (async () => {
      let sum = 0;
      for await (const length of channel) sum += length;
      return sum;
    })();
    const sent = (async () => {
      for (let n = 0; n < 100; n++) await channel.send(n);
    })().catch(() => {});
    await sum;
    await sent;
    await channel.waitClose({ timeout: LIMIT });
  },
  ...COMMON,
};

/** The error of a promise, which the end of its gateway is not meant to be. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (isLoss(error)) throw error;
    return error;
  }
}

/** A gateway that was ended on purpose may fail what runs there. */
export const isLoss = (error: unknown): boolean =>
  error instanceof ConnectionLostError || hasCode(error, 'ERR_EXECNET_CHANNEL_CLOSED');
