import {
  type Channel,
  ConnectionLostError,
  type Gateway,
  RemoteError,
  type RemoteStream,
} from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, settled } from './gateway-tests.ts';

/** `stream`: what a generator at the other end yields, as it comes. */
export function streamSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'streams of results', fixture);
  items(tests);
  leaving(tests);
  failing(tests);
  tests.run();
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

function items(tests: GatewayTests): void {
  tests.test('what a generator yields arrives in order, and the loop ends with it', async (gateway) => {
    const stream = gateway.stream(
      async function* ({ count }: { count: number }) {
        for (let n = 0; n < count; n++) yield { n };
      },
      { count: 1000 },
    );
    let n = 0;
    for await (const item of stream) assert.is(item.n, n++);
    assert.is(n, 1000);
    assert.equal(await stream.next(), { done: true, value: undefined });
  });

  tests.test('anything that can be iterated will do', async (gateway) => {
    assert.equal(await all(gateway.stream(() => ['a', 'b'])), ['a', 'b']);
    assert.equal(await all(gateway.stream(async () => new Set([1, 2]))), [1, 2]);
    assert.equal(
      await all(
        gateway.stream(function* (n: number) {
          while (n > 0) yield n--;
        }, 3),
      ),
      [3, 2, 1],
    );
    assert.equal(await all(gateway.stream(() => [])), []);
  });

  tests.test('concurrent calls of next get the items in their order', async (gateway) => {
    const stream = gateway.stream(() => [1, 2, 3]);
    const results = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
    assert.equal(
      results.map(({ value }) => value),
      [1, 2, 3, undefined],
    );
  });

  tests.test('large items and channels travel as ever', async (gateway) => {
    const channel = gateway.newChannel<never, string>();
    const stream = gateway.stream(async function* (channel: Channel<string>) {
      for (const size of [1, 300_000, 5_000_000]) yield new Uint8Array(size).fill(7);
      yield await channel.receive();
    }, channel);
    const sizes: unknown[] = [];
    for await (const item of stream) {
      sizes.push(typeof item === 'string' ? item : item.length);
      if (sizes.length === 3) void channel.send('heard');
    }
    assert.equal(sizes, [1, 300_000, 5_000_000, 'heard']);
    channel.close();
  });

  tests.test('who is slow to read holds the generator back', async (gateway) => {
    const log = gateway.newChannel<number>();
    const stream = gateway.stream(async function* (log: Channel<never, number>) {
      for (let n = 0; n < 200; n++) {
        yield new Uint8Array(100_000);
        await log.send(n);
      }
    }, log);
    await assertHeldBack(stream, log);
    log.close();
  });
}

/** Reads a stream of 200 items of 100 kB that tells on `log` how far it is, late. */
export async function assertHeldBack(stream: RemoteStream<Uint8Array>, log: Channel<number>): Promise<void> {
  await stream.next();
  // as far as it gets without a reader
  let ahead = 0;
  for (;;) {
    const next = await log.receive({ timeout: 500 }).catch(() => undefined);
    if (next === undefined) break;
    ahead = next;
  }
  assert.ok(ahead < 100, `${ahead} items ahead`);
  let count = 1;
  for await (const item of stream) count += item.length / 100_000;
  assert.is(count, 200);
}

type Log = Channel<never, string>;

/** Goes on for ever, and says when it is over. */
const endless = async function* (log: Log) {
  try {
    for (let n = 0; ; n++) {
      yield n;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  } finally {
    await log.send('finally');
  }
};

function leaving(tests: GatewayTests): void {
  tests.test('leaving the loop ends the generator, its finally included', async (gateway) => {
    const log = gateway.newChannel<string>();
    for await (const n of gateway.stream(endless, log)) if (n === 3) break;
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
    assert.is(await log.receive(), 'finally');
    log.close();
  });

  tests.test('so does an error in the loop, and disposing of the stream', async (gateway) => {
    const log = gateway.newChannel<string>();
    const error = await failureOf(async () => {
      for await (const n of gateway.stream(endless, log)) if (n === 3) throw new RangeError('enough');
    });
    assert.is(error.message, 'enough');
    assert.is(await log.receive(), 'finally');
    const other = gateway.newChannel<string>();
    {
      await using stream = gateway.stream(endless, other);
      assert.is((await stream.next()).value, 0);
    }
    assert.is(await other.receive(), 'finally');
    const waiting = gateway.stream(async function* () {
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield 1;
    });
    const next = waiting.next();
    await waiting.return();
    assert.equal(await next, { done: true, value: undefined });
    await settled(gateway);
    for (const one of [log, other]) one.close();
  });

  tests.test('what has arrived already is not given after that', async (gateway) => {
    const left = gateway.stream(() => [1, 2, 3]);
    assert.is((await left.next()).value, 1);
    await settled(gateway);
    await left.return();
    for (let n = 0; n < 2; n++) assert.equal(await left.next(), { done: true, value: undefined });
    const controller = new AbortController();
    const aborted = gateway.stream(() => [1, 2, 3], undefined, { signal: controller.signal });
    assert.is((await aborted.next()).value, 1);
    await settled(gateway);
    const reason = new RangeError('enough');
    controller.abort(reason);
    assert.is(await failureOf(aborted.next()), reason);
    const thrown = gateway.stream(() => [1, 2, 3]);
    assert.is(await failureOf(thrown.throw(reason)), reason);
    assert.equal(await thrown.next(), { done: true, value: undefined });
  });

  tests.test('a signal ends it, and the loop rejects with its reason', async (gateway) => {
    const log = gateway.newChannel<string>();
    const controller = new AbortController();
    const reason = new RangeError('enough');
    const stream = gateway.stream(endless, log, { signal: controller.signal });
    const error = await failureOf(async () => {
      for await (const n of stream) if (n === 3) controller.abort(reason);
    });
    assert.is(error, reason);
    assert.is(await log.receive(), 'finally');
    log.close();
  });
}

function failing(tests: GatewayTests): void {
  tests.test('what it fails with comes behind what it has yielded', async (gateway) => {
    const seen: number[] = [];
    const error = await failureOf(async () => {
      const stream = gateway.stream(async function* () {
        yield 1;
        yield 2;
        throw new TypeError('no more');
      });
      for await (const n of stream) seen.push(n);
    });
    assert.instance(error, RemoteError);
    assert.is(error.message, 'TypeError: no more');
    assert.equal(seen, [1, 2]);
  });

  tests.test('what can not be iterated, or not be sent, is an error that says so', async (gateway) => {
    for (const code of [() => 7, async () => undefined, () => null])
      assert.match((await failureOf(all(gateway.stream(code as never)))).message, 'can not be iterated');
    const error = await failureOf(all(gateway.stream((): unknown[] => [1, () => {}])));
    assert.match(error.message, 'DumpError');
    assert.instance(await failureOf(() => gateway.stream('return [1]' as never)), TypeError);
    const outer = 1;
    const impure = await failureOf(() => gateway.stream(() => [outer]));
    assert.is(impure.code, 'ERR_EXECNET_IMPURE_FUNCTION');
  });

  tests.test('what its clean-up fails with is told to who leaves', async (gateway) => {
    const stream = gateway.stream(async function* () {
      try {
        for (let n = 0; ; n++) {
          yield n;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        await Promise.reject(new RangeError('can not clean up'));
      }
    });
    await stream.next();
    assert.match((await failureOf(stream.return())).message, 'can not clean up');
  });

  tests.testWith({}, 'a gateway that is terminated cuts it off, and lets it clean up', async (gateway) => {
    const log = gateway.newChannel<string>();
    const reading = [
      failureOf(all(gateway.stream(endless, log))),
      failureOf(async () => {
        const stream = gateway.stream(function* () {
          for (let n = 0; n < 1_000_000; n++) yield 'x'.repeat(1000);
        });
        for await (const item of stream)
          await new Promise((resolve) => setTimeout(resolve, item.length / 1000));
      }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const said = log.receive().catch(() => 'nothing');
    await gateway.terminate({ timeout: 20_000 });
    for (const error of await Promise.all(reading)) {
      assert.instance(error, ConnectionLostError);
      assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
    }
    assert.is(await said, 'finally');
  });

  tests.testWith({}, 'so it does where the collector runs while others still clean up', async (gateway) => {
    const slow = async function* () {
      try {
        for (;;) {
          yield 1;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    };
    const reading = failureOf(
      all(
        gateway.stream(async function* () {
          const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
          const { setFlagsFromString } = require('node:v8') as typeof import('node:v8');
          if (!Bun) setFlagsFromString('--expose-gc');
          const gc = Bun
            ? () => Bun.gc(true)
            : (require('node:vm') as typeof import('node:vm')).runInNewContext('gc');
          setInterval(() => gc(), 10);
          for (;;) {
            yield 1;
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        }),
      ),
    );
    const other = failureOf(all(gateway.stream(slow)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await gateway.terminate({ timeout: 20_000 });
    assert.instance(await reading, ConnectionLostError);
    await other;
  });

  tests.testWith({}, 'a connection that is lost is no end of the items', async (gateway) => {
    const reading = failureOf(
      all(
        gateway.stream(async function* () {
          for (;;) {
            yield 1;
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
        }),
      ),
    );
    await lost(gateway);
    assert.instance(await reading, ConnectionLostError);
  });
}

async function lost(gateway: Gateway): Promise<void> {
  await gateway.remoteStatus();
  process.kill(gateway.peer.pid, 'SIGKILL');
}
