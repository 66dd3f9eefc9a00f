import { ConnectionLostError, type RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, settled } from '../gateway-tests.ts';
import { assertHeldBack } from '../streams.ts';
import { KEEP, keptAs, type PythonFixture, PythonTests, pythonFile } from './python-tests.ts';

const MODULE = `${KEEP}

def count(first, last):
    for n in range(first, last):
        yield n

def endless():
    import time
    try:
        n = 0
        while True:
            yield n
            n += 1
            time.sleep(0.001)
    finally:
        keep('ended', 'finally')

def blocks(log):
    for n in range(200):
        yield bytearray(100000)
        log.send(n)

def forks():
    import os
    yield 'before'
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    yield 'parent' if child else 'child'
    yield 'after'

def fails():
    yield 1
    raise ValueError('no more')
`;

/** `stream`: what a generator in Python yields, as it comes. */
export function pythonStreamSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'streams of results', fixture);

  tests.testOnC('a child that a generator forked yields nothing here', async (gateway) => {
    using module = pythonFile(MODULE);
    for (let round = 0; round < 2; round++) {
      const items: unknown[] = [];
      for await (const item of gateway.stream(module.function('forks'))) items.push(item);
      assert.equal(items, ['before', 'parent', 'after']);
    }
  });

  tests.test('what a function yields, or gives as a list, arrives in order', async (gateway) => {
    using module = pythonFile(MODULE);
    const items: unknown[] = [];
    const stream = gateway.stream<number>(module.function('count'), { first: 1, last: 1000 });
    for await (const item of stream) items.push(item);
    assert.equal(
      items,
      Array.from({ length: 999 }, (_, n) => n + 1),
    );
    const sorted: unknown[] = [];
    for await (const item of gateway.stream('sorted', [[3, 1, 2]])) sorted.push(item);
    assert.equal(sorted, [1, 2, 3]);
    // a generator of a module
    for await (const [path] of gateway.stream<[string]>('os.walk', ['/proc/self/task'])) {
      assert.is(path, '/proc/self/task');
      break;
    }
  });

  tests.test('leaving the loop ends the generator, its finally included', async (gateway) => {
    using module = pythonFile(MODULE);
    for await (const n of gateway.stream<number>(module.function('endless'))) if (n === 3) break;
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
    assert.is(await keptAs(gateway, 'ended'), 'finally');
  });

  tests.test('a signal ends it, and the loop rejects with its reason', async (gateway) => {
    using module = pythonFile(MODULE);
    const controller = new AbortController();
    const reason = new RangeError('enough');
    const stream = gateway.stream<number>(module.function('endless'), undefined, {
      signal: controller.signal,
    });
    const error = await failureOf(async () => {
      for await (const n of stream) if (n === 3) controller.abort(reason);
    });
    assert.is(error, reason);
    await settled(gateway);
    assert.is(await keptAs(gateway, 'ended'), 'finally');
  });

  tests.test('who is slow to read holds the generator back', async (gateway) => {
    using module = pythonFile(MODULE);
    const log = gateway.newChannel<number>();
    await assertHeldBack(gateway.stream<Uint8Array>(module.function('blocks'), [log]), log);
    log.close();
  });

  tests.testWith({}, 'a gateway that is terminated cuts it off', async (gateway) => {
    using module = pythonFile(MODULE);
    const reading = failureOf(async () => {
      for await (const n of gateway.stream<number>(module.function('endless')))
        if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await gateway.terminate({ timeout: 20_000 });
    assert.instance(await reading, ConnectionLostError);
  });

  tests.test('what has a method close is not closed', async (gateway) => {
    using module = pythonFile(`
class Row(tuple):
    def close(self): raise ValueError('closed')
def row(): return Row([1, 2])`);
    const items: unknown[] = [];
    for await (const item of gateway.stream(module.function('row'))) items.push(item);
    assert.equal(items, [1, 2]);
  });

  tests.test('what it fails with comes behind what it has yielded', async (gateway) => {
    using module = pythonFile(MODULE);
    const seen: unknown[] = [];
    const error = (await failureOf(async () => {
      for await (const n of gateway.stream(module.function('fails'))) seen.push(n);
    })) as RemoteError;
    assert.is(error.message, 'ValueError: no more');
    assert.equal(seen, [1]);
    const none = (await failureOf(gateway.stream('abs', [-1]).next())) as RemoteError;
    assert.is(none.remoteName, 'TypeError');
    assert.instance(await failureOf(() => gateway.stream('for n in [1]: pass')), TypeError);
    assert.instance(await failureOf(() => gateway.stream(() => [1])), TypeError);
  });

  tests.run();
}
