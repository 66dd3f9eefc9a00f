import { ConnectionLostError, type RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf } from '../gateway-tests.ts';
import { KEEP, keptAs, type PythonFixture, PythonTests, pythonFile } from './python-tests.ts';

const MODULE = `${KEEP}
import time

class Counter(object):
    def __init__(self, start=0, step=1):
        self.count = start
        self.step = step

    def add(self, times=1):
        self.count += times * self.step
        return self.count

    def fail(self):
        raise ValueError('%d is too much' % self.count)

    def odd(self):
        return [object()]

    def hang(self):
        while True:
            time.sleep(0.01)

    def leave(self):
        raise SystemExit(3)

    def forks(self):
        import os
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        return 'parent' if child else 'child'

    def data(self, size):
        return b'7' * size

class Resource(Counter):
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        keep('exited', [self.count, kind and kind.__name__])

def broken():
    raise KeyError('nothing there')
`;

interface Counter {
  add(times?: number): number;
  fail(): void;
  odd(): unknown;
  hang(): void;
  leave(): void;
  forks(): string;
  data(size: number): Uint8Array;
}

/** `expose`: an object in Python, whose methods are called from here. */
export function pythonExposingSuite(name: string, fixture: PythonFixture): void {
  const tests = new PythonTests(name, 'remote objects', fixture);

  tests.testOnC('a child that a method forked gives no result', async (gateway) => {
    using module = pythonFile(MODULE);
    await using object = await gateway.expose<Counter>(module.function('Counter'));
    for (let round = 0; round < 3; round++) assert.is(await object.forks(), 'parent');
  });

  tests.test('an instance of a class of a module has its methods, and keeps its state', async (gateway) => {
    using module = pythonFile(MODULE);
    await using object = await gateway.expose<Counter>(module.function('Counter'), { '*': [10], step: 2 });
    assert.is(await object.add(), 12);
    assert.is(await object.add(4), 20);
    const results = await Promise.all(Array.from({ length: 1000 }, () => object.add()));
    assert.equal(
      results,
      Array.from({ length: 1000 }, (_, n) => 22 + 2 * n),
    );
    const data = await object.data(1_000_000);
    assert.is(data.length, 1_000_000);
  });

  tests.test('so does one of a class by its name', async (gateway) => {
    interface Deque {
      append(item: unknown): null;
      pop(): unknown;
      count(item: unknown): number;
    }
    await using object = await gateway.expose<Deque>('collections.deque', [[1, 2]]);
    await object.append({ a: 1 });
    assert.is(await object.count(2), 1);
    assert.equal(await object.pop(), { a: 1 });
    assert.is(await object.pop(), 2);
  });

  tests.test('what fails is a RemoteError, and the object goes on', async (gateway) => {
    using module = pythonFile(MODULE);
    await using object = await gateway.expose<Counter>(module.function('Counter'));
    const error = (await failureOf(object.fail())) as RemoteError;
    assert.is(error.message, 'ValueError: 0 is too much');
    assert.match(error.remoteStack, `File "${module.file}", line `);
    assert.match(error.stack ?? '', /--- local stack ---.*exposing\.[jt]s/s);
    assert.match((await failureOf(object.odd())).message, 'a value of the type object can not be sent');
    assert.match(
      (await failureOf((object as unknown as { sub(): Promise<void> }).sub())).message,
      'AttributeError',
    );
    assert.is(await object.add(), 1);
    assert.match((await failureOf(object.leave())).message, 'SystemExit');
    assert.is(await object.add(), 2);
  });

  tests.test('what can not be exposed says why', async (gateway) => {
    using module = pythonFile(MODULE);
    assert.match((await failureOf(gateway.expose(module.function('broken')))).message, 'nothing there');
    assert.match((await failureOf(gateway.expose('no.such.thing'))).message, 'Error');
    const none = await failureOf(gateway.expose('int', [7]));
    assert.match(none.message, 'an object is exposed, not int');
  });

  tests.test('it is left as a `with` block is', async (gateway) => {
    using module = pythonFile(MODULE);
    const object = await gateway.expose<Counter>(module.function('Resource'), [5]);
    void object.add();
    await object[Symbol.asyncDispose]();
    assert.equal(await keptAs(gateway, 'exited'), [6, null]);
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = await gateway.expose<Counter>(module.function('Resource'), null, { signal });
    assert.is(await aborted.add(), 1);
    controller.abort();
    await aborted[Symbol.asyncDispose]();
    assert.equal(await keptAs(gateway, 'exited'), [1, 'Cancelled']);
  });

  tests.test('so it is where it counts as false, and where its class is of the old kind', async (gateway) => {
    for (const base of ['object', '']) {
      using module = pythonFile(`
${KEEP}
class Resource${base && `(${base})`}:
    def __len__(self): return 0
    def __enter__(self): return self
    def __exit__(self, *how): keep('left', True)
    def answer(self): return [1, self]
`);
      await gateway.remoteExec(`${KEEP}\nkeep('left', False)`).waitClose();
      const object = await gateway.expose<{ answer(): unknown }>(module.function('Resource'));
      const error = await failureOf(object.answer());
      assert.match(error.message, /DumpError: \$\[1\]: a value of the type/);
      await object[Symbol.asyncDispose]();
      assert.is(await keptAs(gateway, 'left'), true);
    }
  });

  tests.testWith({}, 'calls fail when the gateway ends', async (gateway) => {
    using module = pythonFile(MODULE);
    const object = await gateway.expose<Counter>(module.function('Counter'));
    await object.add();
    const hanging = failureOf(object.hang());
    await gateway.terminate({ timeout: 100 });
    assert.instance(await hanging, ConnectionLostError);
    await object[Symbol.asyncDispose]();
  });

  tests.run();
}
