import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Lease } from '../../src/link/index.ts';

/** Milliseconds between two pings. */
const INTERVAL = 40;

/** A lease, and what it did, with the time of each in milliseconds since it began. */
function leased(
  interval: number,
  holder: { tick?(lease: Lease): void; ping?(lease: Lease): void } = {},
): { readonly lease: Lease; readonly pings: number[]; readonly expired: Promise<number> } {
  const start = performance.now();
  const pings: number[] = [];
  let expire: (after: number) => void = () => {};
  const expired = new Promise<number>((resolve) => {
    expire = resolve;
  });
  const lease: Lease = new Lease(interval, {
    tick: () => holder.tick?.(lease),
    ping: () => {
      pings.push(performance.now() - start);
      holder.ping?.(lease);
    },
    expired: () => expire(performance.now() - start),
  });
  return { lease, pings, expired };
}

/** Keeps the program alive, as a lease does not. */
async function alive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

const after = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a lease of which nothing is heard is over after three intervals, with two pings in between', async () => {
  const { pings, expired } = leased(INTERVAL);
  const took = await alive(expired);
  assert.ok(took >= 3 * INTERVAL - INTERVAL / 4 - 2, `${took} ms`);
  assert.is(pings.length, 2);
  // nothing follows
  await after(2 * INTERVAL);
  assert.is(pings.length, 2);
});

test('what is heard renews it', async () => {
  const { lease, pings, expired } = leased(INTERVAL, { ping: (one) => pings.length < 6 && one.heard() });
  const took = await alive(expired);
  assert.ok(took > 6 * INTERVAL, `${took} ms`);
  assert.ok(pings.length >= 7, `${pings.length} pings`);
  lease.end();
});

test('who hears by other ways is asked before each look', async () => {
  let ticks = 0;
  const { expired, pings } = leased(INTERVAL, {
    tick: (lease) => {
      if (++ticks <= 16) lease.heard();
    },
  });
  await alive(expired);
  // sixteen looks that heard something, the last of which counts as silence as well, and eleven in vain
  assert.is(ticks, 27);
  assert.is(pings.length, 6);
});

test('a lease that has ended neither pings nor is over', async () => {
  const { lease, pings, expired } = leased(INTERVAL);
  lease.end();
  lease.end();
  lease.heard();
  const first = await Promise.race([expired.then(() => 'over'), after(4 * INTERVAL).then(() => 'nothing')]);
  assert.is(first, 'nothing');
  assert.equal(pings, []);
});

test('a program that was busy for longer reads what has come meanwhile before it decides', async () => {
  let over = false;
  const { lease, expired } = leased(INTERVAL);
  void expired.then(() => {
    over = true;
  });
  const until = performance.now() + 5 * INTERVAL;
  while (performance.now() < until);
  // one look is due, and no more: timers that were missed are not made up for
  await after(0);
  lease.heard();
  await after(INTERVAL);
  assert.not(over);
  lease.end();
});

test('a lease keeps no program alive', () => {
  const module = new URL('../../src/link/lease.ts', import.meta.url).href;
  const code = `import { Lease } from ${JSON.stringify(module)}; new Lease(60_000, { expired() {} }); console.log('begun');`;
  const { execPath, versions } = process;
  const args = versions['deno']
    ? ['eval', code]
    : versions['bun']
      ? ['-e', code]
      : ['--import', 'tsx', '--input-type=module', '-e', code];
  const { status, stdout } = spawnSync(execPath, args, {
    encoding: 'utf8',
    timeout: 20_000,
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  assert.equal([status, stdout], [0, 'begun\n']);
});

test.run();
