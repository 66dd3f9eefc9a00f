import { run, sleep, spawn, suspend, until } from 'effection';
import { type Channel, type Effection, type Gateway, Group, TerminateError } from 'execnet';
import { each, useGateway, useGroup } from 'execnet/structured';
import * as assert from 'uvu/assert';
import { failureOf } from './fixtures/failure.ts';
import { sharedEnds, specOf } from './fixtures/interpreters.ts';
import { childrenOf, isRunning } from './fixtures/processes.ts';
import { test } from './fixtures/tests.ts';

for (const interpreter of sharedEnds) {
  const spec = specOf(interpreter, 'execmodel=structured', 'stdio=ignore');

  interpreter.test('a gateway ends with the scope that made it', async () => {
    const pid = await run(function* () {
      const gateway = yield* useGateway(spec);
      assert.is(yield* gateway.call(() => 6 * 7), 42);
      return gateway.peer.pid;
    });
    assert.is(isRunning(pid), false);
  });

  interpreter.test('a scope that throws takes its gateways down before the error leaves it', async () => {
    let pid = 0;
    const error = await failureOf(
      run(function* () {
        const gateway = yield* useGateway(spec, { terminate: { timeout: 200 } });
        pid = gateway.peer.pid;
        const channel = gateway.remoteExec((channel: Channel<never, string>) => {
          channel.sendSync('spins');
          for (;;);
        });
        assert.is(yield* channel.receive(), 'spins');
        yield* spawn(function* () {
          yield* sleep(1);
          throw new RangeError('of the scope');
        });
        yield* suspend();
      }).catch((error: unknown) => {
        assert.is(isRunning(pid), false, 'before');
        throw error;
      }),
    );
    assert.match(error.message, 'of the scope');
  });

  interpreter.test('halting a scope ends its gateways, those that are being made included', async () => {
    const before = childrenOf(process.pid).length;
    let made: Gateway | undefined;
    const task = run(function* () {
      made = yield* useGateway(spec);
      yield* spawn(function* () {
        yield* useGateway(spec);
        yield* suspend();
      });
      yield* suspend();
    });
    while (!made || childrenOf(process.pid).length < before + 2)
      await new Promise((resolve) => setImmediate(resolve));
    await task.halt();
    assert.is(childrenOf(process.pid).length, before);
  });
}

const [interpreter] = sharedEnds;
if (!interpreter) throw new Error('no interpreter');
const spec = specOf(interpreter, 'execmodel=structured', 'stdio=ignore');

test('a group ends with its scope, with all its gateways', async () => {
  const before = childrenOf(process.pid).length;
  const pids = await run(function* () {
    const group = yield* useGroup();
    const gateways = yield* until(group.makeGateways([spec, spec]));
    // still being made when the scope is left
    void group.makeGateway(spec).catch(() => {});
    return gateways.map(({ peer }) => peer.pid);
  });
  assert.equal(pids.filter(isRunning), []);
  assert.is(childrenOf(process.pid).length, before);
});

test('a gateway may be made in a group of the program', async () => {
  await using group = new Group();
  await run(function* () {
    const gateway = yield* useGateway(`${spec}//id=named`, { group });
    assert.ok(group.get('named') === gateway);
  });
  assert.is(group.size, 0);
});

test('a scope fails with what makeGateway rejects with', async () => {
  const error = await failureOf(
    run(function* () {
      yield* useGateway('popen//node=/no/such/interpreter');
    }),
  );
  assert.is(error.code, 'ERR_EXECNET_INTERPRETER_NOT_FOUND');
});

test('items are received by operations, one by one or with each()', async () => {
  await run(function* () {
    const gateway = yield* useGateway(spec);
    const channel = gateway.remoteExec(function* (channel: Channel<never, number>) {
      for (let i = 0; i < 100; i++) yield* channel.send(i);
    });
    assert.is(yield* channel.receive(), 0);
    let expected = 1;
    for (const item of yield* each(channel)) {
      assert.is(item, expected++);
      yield* each.next();
    }
    assert.is(expected, 100);
    yield* channel.waitClose();
  });
});

test('each() throws what the execution failed with', async () => {
  await run(function* () {
    const gateway = yield* useGateway(spec);
    const channel = gateway.remoteExec(function* (channel: Channel<never, number>) {
      yield* channel.send(1);
      throw new RangeError('no more');
    });
    const items: number[] = [];
    const error = yield* until(
      failureOf(
        run(function* () {
          for (const item of yield* each(channel)) {
            items.push(item);
            yield* each.next();
          }
        }),
      ),
    );
    assert.equal(items, [1]);
    assert.match(error.message, 'no more');
  });
});

test('an operation that is halted while it receives takes no item', async () => {
  await run(function* () {
    const gateway = yield* useGateway(spec);
    const channel = gateway.remoteExec(function* (channel: Channel<string, string>) {
      yield* channel.send(`${yield* channel.receive()} and back`);
    });
    const waiting = yield* spawn(() => channel.receive());
    yield* waiting.halt();
    yield* channel.send('there');
    assert.is(yield* channel.receive(), 'there and back');
  });
});

test('halting a call cancels what it has started', async () => {
  await run(function* () {
    const gateway = yield* useGateway(spec);
    const log = gateway.newChannel<string, never>();
    const task = yield* spawn(() =>
      gateway.call(function* (log: Channel<unknown, string>) {
        const { suspend } = require('effection') as Effection;
        yield* log.send('runs');
        yield* suspend();
      }, log as never),
    );
    assert.is(yield* log.receive(), 'runs');
    yield* task.halt();
    while ((yield* until(gateway.remoteStatus())).numExecuting > 0);
  });
});

test('what outlives a scope is what it fails with', async () => {
  const group = new Group();
  const left = new TerminateError('something is left', ['localhost:1']);
  const error = await failureOf(
    run(function* () {
      const gateway = yield* useGateway(spec, { group });
      const end = gateway.terminate.bind(gateway);
      gateway.terminate = async (options) => {
        await end(options);
        throw left;
      };
    }),
  );
  assert.is(error, left);
  await group.terminate();
});

test.run();
