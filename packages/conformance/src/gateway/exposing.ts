import { inspect } from 'node:util';
import { type Channel, ConnectionLostError, DumpError, RemoteError } from '@execnet/core';
import * as assert from 'uvu/assert';
import { failureOf, type GatewayFixture, GatewayTests, settled, stop } from './gateway-tests.ts';
import { moduleFile } from './modules.ts';

/** `expose`: an object at the other end, whose methods are called from here. */
export function exposingSuite(name: string, fixture: GatewayFixture): void {
  const tests = new GatewayTests(name, 'remote objects', fixture);
  methods(tests);
  failing(tests);
  releasing(tests);
  tests.run();
}

/** An object with a state, which says on a channel what becomes of it. */
function counter({ start = 0, log }: { start?: number; log?: Channel<never, string> } = {}) {
  class Counter {
    count = start;
    add(...numbers: number[]): number {
      for (const n of numbers) this.count += n;
      return this.count;
    }
    async after(ms: number): Promise<number> {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return this.add(1);
    }
    wait(ms: number): Promise<void> {
      return new Promise((resolve) => setTimeout(resolve, ms));
    }
    fail(): number {
      throw new RangeError(`${this.count} is too much`);
    }
    async failLater(): Promise<number> {
      await this.wait(1);
      return this.fail();
    }
    hang(): Promise<void> {
      return new Promise(() => {});
    }
    shout(): () => void {
      return () => {};
    }
    data(size: number): Buffer {
      return Buffer.alloc(size, 7);
    }
    async pass(channel: Channel<string, string>): Promise<void> {
      await channel.send(`${await channel.receive()}, too`);
    }
    async [Symbol.asyncDispose](): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await log?.send(`disposed of at ${this.count}`);
    }
  }
  return new Counter();
}

function methods(tests: GatewayTests): void {
  tests.test('it is shown as a text, and nothing is called for that', async (gateway) => {
    const object = await gateway.expose(counter, { start: 1 });
    assert.match(inspect(object), /^<object of .*counter on /);
    assert.match(String(object), /^<object of .*counter on /);
    await object[Symbol.asyncDispose]();
    assert.match(inspect(object), /^<object of /);
  });

  tests.test('its methods are called there, and keep their object', async (gateway) => {
    await using object = await gateway.expose(counter, { start: 10 });
    assert.is(await object.add(1, 2), 13);
    assert.is(await object.add(), 13);
    assert.is(await object.after(1), 14);
    const { add } = object;
    assert.is(await add(1), 15);
    assert.is(object.add, add);
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
  });

  tests.test('calls begin in the order in which they are made, and overlap', async (gateway) => {
    await using object = await gateway.expose(counter, {});
    const order: string[] = [];
    const slow = object.wait(500).then(() => order.push('slow'));
    const results = await Promise.all(Array.from({ length: 1000 }, () => object.add(1)));
    order.push('others');
    assert.equal(
      results,
      Array.from({ length: 1000 }, (_, n) => n + 1),
    );
    await slow;
    assert.equal(order, ['others', 'slow']);
  });

  tests.test('large values and channels travel as ever', async (gateway) => {
    await using object = await gateway.expose(counter, {});
    const data = await object.data(5_000_000);
    assert.is(data.length, 5_000_000);
    assert.is(data[4_999_999], 7);
    const channel = gateway.newChannel<string, string>();
    void channel.send('here');
    const passed = object.pass(channel);
    assert.is(await channel.receive(), 'here, too');
    await passed;
  });

  tests.test('it is no promise, and shows what it is', async (gateway) => {
    const object = await gateway.expose(counter, {});
    assert.is(await Promise.resolve(object), object);
    assert.match(String(object), 'counter');
    assert.is((object as { then?: unknown }).then, undefined);
    assert.throws(() => Object.assign(object, { add: 1 }));
    await object[Symbol.asyncDispose]();
    await using url = await gateway.expose(() => new URL('http://host/a?b=1'));
    assert.is(await url.toString(), 'http://host/a?b=1');
    assert.is(JSON.stringify({ url }), '{"url":{}}');
  });

  tests.test('a class of a module, and several objects at a time', async (gateway) => {
    using module = moduleFile(
      'stack.mjs',
      `
      export class Stack {
        #items = [];
        push(item) { return this.#items.push(item); }
        pop() { return this.#items.pop(); }
        fail() { throw new TypeError('no such item'); }
      }
      export const stack = () => new Stack();
    `,
    );
    interface Stack {
      push(item: string): number;
      pop(): string | undefined;
      fail(): void;
    }
    const url = new URL('#stack', module.url);
    await using object = await gateway.expose<Stack>(url);
    assert.is(await object.push('a'), 1);
    assert.is(await object.pop(), 'a');
    const error = await failureOf(object.fail());
    assert.match(error.stack ?? '', `${module.url.pathname}:6:`);
  });
}

function failing(tests: GatewayTests): void {
  tests.test('a method that fails is a RemoteError, and the object goes on', async (gateway) => {
    await using object = await gateway.expose(counter, { start: 3 });
    for (const error of (await Promise.all([
      failureOf(object.fail()),
      failureOf(object.failLater()),
    ])) as RemoteError[]) {
      assert.instance(error, RemoteError);
      assert.is(error.message, 'RangeError: 3 is too much');
      assert.match(error.remoteStack, 'fail');
      assert.match(error.stack ?? '', /--- local stack ---.*exposing\.[jt]s/s);
    }
    const missing = await failureOf((object as unknown as { subtract(): Promise<void> }).subtract());
    assert.match(missing.message, 'TypeError: subtract is no method of the object');
    assert.match(
      (await failureOf(object.shout())).message,
      /DumpError: \$ is a function|DumpError: .*\$\b(?!\[)/,
    );
    const error = (await failureOf(object.add(Symbol('s') as never))) as DumpError;
    assert.instance(error, DumpError);
    assert.is(error.path, '$[0]');
    assert.match(error.message, '$[0]');
    assert.is(await object.add(1), 4);
  });

  tests.test('what can not be made is an error', async (gateway) => {
    const failed = await failureOf(
      gateway.expose(() => {
        if (Date.now() > 0) throw new RangeError('no such object');
        return {};
      }),
    );
    assert.match(failed.message, 'RangeError: no such object');
    assert.match((await failureOf(gateway.expose(() => 7))).message, 'an object is exposed, not number');
    assert.match((await failureOf(gateway.expose(() => null))).message, 'an object is exposed, not null');
    assert.instance(await failureOf(() => gateway.expose('return {}')), TypeError);
    assert.is((await gateway.remoteStatus()).numExecuting, 0);
  });

  tests.testWith({}, 'calls fail when the gateway ends', async (gateway) => {
    const object = await gateway.expose(counter, {});
    const hanging = failureOf(object.hang());
    await object.add(1);
    await gateway.terminate({ timeout: 20_000 });
    for (const error of [await hanging, await failureOf(object.add(1))]) {
      assert.instance(error, ConnectionLostError);
      assert.is((error.cause as { code?: string }).code, 'ERR_EXECNET_TERMINATED');
    }
    await object[Symbol.asyncDispose]();
  });
}

function releasing(tests: GatewayTests): void {
  tests.test('disposing waits for the calls before, and for what the object does then', async (gateway) => {
    const log = gateway.newChannel<string>();
    const object = await gateway.expose(counter, { log });
    const before = [object.add(1), object.after(50), object.add(1)];
    await object[Symbol.asyncDispose]();
    assert.is(await log.receive(), 'disposed of at 3');
    assert.equal(await Promise.all(before), [1, 3, 2]);
    assert.is(((await failureOf(object.add(1))) as { code?: string }).code, 'ERR_EXECNET_CHANNEL_CLOSED');
    await object[Symbol.asyncDispose]();
    await settled(gateway);
  });

  tests.test('an object that fails as it is disposed of says so', async (gateway) => {
    const object = await gateway.expose(() => ({
      [Symbol.dispose]() {
        throw new RangeError('it does not go');
      },
    }));
    assert.match((await failureOf(stop(object))).message, 'it does not go');
    await settled(gateway);
  });

  tests.test('the signal ends it', async (gateway) => {
    const log = gateway.newChannel<string>();
    const controller = new AbortController();
    const object = await gateway.expose(counter, { log }, { signal: controller.signal });
    const hanging = failureOf(object.hang());
    await object.add(1);
    const reason = new Error('enough');
    controller.abort(reason);
    assert.is(await hanging, reason);
    await object[Symbol.asyncDispose]();
    assert.is(await log.receive(), 'disposed of at 1');
    await settled(gateway);
  });
}
