/**
 * Does everything at once, for a long time: gateways of each interpreter, execution model and transport come and go in lanes beside each other, and a few stay
 * for all of it; each carries items of any size, calls, cancellations, errors, nested channels, callbacks, prints, timeouts.
 *
 *     npm run stress -- [--minutes 60] [--lanes 4] [--seed 1] [--report 60]
 *
 * Fails with what hung, ended or answered wrongly, with what a gateway left running, and if memory grows from the second quarter of the time to the last.
 */
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type Channel,
  ConnectionLostError,
  type Gateway,
  Group,
  hasCode,
  RemoteError,
  TimeoutError,
} from 'execnet';
import { available } from '../../hosts/available.mjs';
import { isRunning } from '../../hosts/processes.mjs';
import { startSshd } from '../../hosts/sshd.mjs';
import { chance } from '../../lib/chance.mjs';
import { interpreters } from '../../lib/interpreters.mjs';
import { pythons } from '../../lib/pythons.mjs';
import { residentSize } from './process-memory.ts';

/** A job that takes longer hangs, also on a busy machine; in milliseconds. */
const LIMIT = 90_000;

/** So much more memory may be in use in the last quarter than in the second, in MiB: a collector has not taken it yet. */
const SLACK = 40;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    lanes: { type: 'string', default: '4' },
    seed: { type: 'string', default: '1' },
    report: { type: 'string', default: '60' },
  },
});
const duration = Number(values.minutes) * 60_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Choices that look like chance, the same for the same seed. */
class Chance {
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

class Hang extends Error {}

const check = (right: boolean, what: string): void => {
  if (!right) throw new Error(what);
};

/** Something that a gateway is asked to do; rejects if the answer is wrong. */
type Job = (gateway: Gateway, chance: Chance) => Promise<unknown>;

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

const JAVASCRIPT: Record<string, Job> = {
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
  async status(gateway) {
    const { numExecuting } = await gateway.remoteStatus({ timeout: LIMIT });
    check(numExecuting >= 0, `status: ${numExecuting}`);
    await gateway.remoteInfo({ timeout: LIMIT });
  },
};

const PYTHON: Record<string, Job> = {
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
  status: JAVASCRIPT['status'] as Job,
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
const isLoss = (error: unknown): boolean =>
  error instanceof ConnectionLostError || hasCode(error, 'ERR_EXECNET_CHANNEL_CLOSED');

/** One execution at a time is all that it takes. */
const isSingle = (gateway: Gateway): boolean => gateway.spec.core.execmodel === 'main_thread_only';

function jobsOf(gateway: Gateway): Record<string, Job> {
  const jobs = ['node', 'bun', 'deno'].includes(gateway.peer.runtime) ? JAVASCRIPT : PYTHON;
  if (!isSingle(gateway)) return jobs;
  // these leave something that goes on
  const { late: _late, dropped: _dropped, ...others } = jobs;
  return others;
}

const done = new Map<string, number>();

async function perform(gateway: Gateway, chance: Chance): Promise<void> {
  const jobs = jobsOf(gateway);
  const name = chance.pick(Object.keys(jobs));
  const spec = gateway.spec.redacted();
  const started = performance.now();
  const hangs = new AbortController();
  const hung = after(LIMIT, undefined, { signal: hangs.signal }).then(
    () => Promise.reject(new Hang(`${name} on ${spec} hangs`)),
    () => {},
  );
  try {
    await Promise.race([(jobs[name] as Job)(gateway, chance), hung]);
  } catch (error) {
    if (isLoss(error)) throw error;
    throw new Error(
      `${name} on ${spec}, ${Math.round(performance.now() - started)} ms: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    hangs.abort();
  }
  done.set(name, (done.get(name) ?? 0) + 1);
}

/** Makes a gateway, has it do some things beside each other, ends it in one of the ways that there are. */
async function round(specs: readonly string[], chance: Chance): Promise<void> {
  await using group = new Group();
  const first = chance.pick(specs);
  const gateways = [await group.makeGateway(`${first}//stdio=ignore//id=first`, { timeout: LIMIT })];
  if (chance.below(4) === 0)
    gateways.push(
      await group.makeGateway(
        `${chance.pick(specs.filter((one) => one.startsWith('popen')))}//stdio=ignore//via=first`,
        {
          timeout: LIMIT,
        },
      ),
    );
  const pids = gateways.map(({ peer }) => peer.pid);
  let ending = false;
  const work = gateways.flatMap((gateway) =>
    Array.from({ length: isSingle(gateway) ? 1 : 1 + chance.below(4) }, async () => {
      try {
        for (let n = chance.below(6); n >= 0; n--) await perform(gateway, chance);
      } catch (error) {
        // what is ended on purpose may answer in part, but it has to answer
        if (!ending || error instanceof Hang) throw error;
      }
    }),
  );
  const all = Promise.all(work);
  all.catch(() => {});
  const way = chance.below(5);
  if (way === 0) {
    await Promise.race([all, after(chance.below(500))]);
    ending = true;
    process.kill(chance.pick(pids), 'SIGKILL');
  } else if (way === 1) {
    await Promise.race([all, after(chance.below(500))]);
    ending = true;
  } else await all;
  try {
    await group.terminate({ timeout: chance.pick([0, 200, 5000]) });
  } catch (error) {
    // with the middle its word is gone; the far side ends by itself
    if (way !== 0 || !hasCode(error, 'ERR_EXECNET_TERMINATE')) throw error;
  }
  await all;
  for (let looks = way === 0 ? 100 : 1; pids.some(isRunning) && looks > 1; looks--) await after(100);
  const left = pids.filter(isRunning);
  check(left.length === 0, `${first}: ${left.join(', ')} still run`);
}

/** Memory that the processes of gateways and this one have in use, in MiB. */
function memoryOf(gateways: readonly Gateway[]): Map<string, number> {
  collect();
  const used = new Map([
    ['local', process.memoryUsage().heapUsed / 2 ** 20 + process.memoryUsage().external / 2 ** 20],
  ]);
  for (const gateway of gateways) {
    used.set(gateway.spec.redacted(), (residentSize(gateway.peer.pid) ?? 0) / 2 ** 20);
  }
  return used;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** The processes that have grown from the second quarter of the samples to the last. */
function growth(samples: readonly Map<string, number>[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return [];
  return [...(samples[0]?.keys() ?? [])].flatMap((name) => {
    const of = (part: readonly Map<string, number>[]): number =>
      median(part.map((one) => one.get(name) ?? 0));
    const before = of(samples.slice(quarter, 2 * quarter));
    const now = of(samples.slice(-quarter));
    return now > before + SLACK ? [`${name}: ${before.toFixed(0)} MiB, then ${now.toFixed(0)}`] : [];
  });
}

const paths = interpreters().map(({ kind, path }) => `${kind}=${path}`);
const models = [
  '',
  '//threads=1',
  '//execmodel=main_thread_only',
  '//execmodel=worker',
  '//execmodel=structured',
];
const pythonPaths = pythons()
  .filter(({ runtime }) => runtime !== 'jython')
  .map(({ path }) => `python=${path}`);
await using host = available().sshd ? await startSshd() : undefined;
const places = [
  'popen',
  ...(host
    ? [
        `ssh=${host.alias}//ssh_config=${host.config}`,
        `ssh=${host.alias}//ssh_config=${host.config}//ssh_client=openssh`,
      ]
    : []),
];
const specs = places.flatMap((place) => [
  ...paths.flatMap((path) => models.map((model) => `${place}//${path}${model}`)),
  ...pythonPaths.flatMap((path) =>
    ['', '//execmodel=main_thread_only'].map((model) => `${place}//${path}${model}`),
  ),
]);
console.log(
  `${specs.length} kinds of gateways; seed ${values.seed}, ${values.lanes} lanes, ${values.minutes} minutes`,
);

await using staying = new Group();
const stayers = await staying.makeGateways(
  [...paths, ...pythonPaths].filter((_, n) => n % 2 === 0).map((path) => `popen//${path}//stdio=ignore`),
);
const started = performance.now();
const over = (): boolean => performance.now() - started > duration;
let rounds = 0;
let failed = false;
const lanes = Array.from({ length: Number(values.lanes) }, async (_, lane) => {
  const chance = new Chance(Number(values.seed) * 1000 + lane);
  while (!over() && !failed) {
    await round(specs, chance);
    rounds++;
  }
});
const stay = stayers.map(async (gateway, index) => {
  const chance = new Chance(Number(values.seed) * 1000 + 500 + index);
  while (!over() && !failed) {
    await perform(gateway, chance);
    await after(chance.below(200));
  }
});
const samples: Map<string, number>[] = [];
const watch = (async () => {
  while (!over() && !failed) {
    await after(Number(values.report) * 1000);
    const used = memoryOf(stayers);
    samples.push(used);
    const jobs = [...done.values()].reduce((sum, count) => sum + count, 0);
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    console.log(
      `${minutes} min: ${rounds} rounds, ${jobs} jobs; MiB: ${[...used.values()].map(Math.round).join(' ')}`,
    );
  }
})();
try {
  await Promise.all([...lanes, ...stay]);
} catch (error) {
  failed = true;
  console.error(error);
  process.exitCode = 1;
}
await watch.catch((error: unknown) => console.error(error));
const grown = growth(samples);
for (const one of grown) console.error(`memory grows: ${one}`);
if (grown.length > 0) process.exitCode = 1;
await staying.terminate();
console.log([...done].map(([name, count]) => `${name} ${count}`).join(', '));
console.log(process.exitCode ? 'failed' : `passed: ${rounds} gateways`);
