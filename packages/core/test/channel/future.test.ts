import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Future } from '../../src/channel/index.ts';
import { TimeoutError } from '../../src/errors/index.ts';
import { LinkPair } from './link-pair.ts';

/** An operation that has entered its effect, as effection does it: what it was resolved with, and how to leave. */
function entered<T>(future: Future<T>): {
  outcomes: unknown[];
  leave(): void;
  next(value: unknown): unknown;
} {
  const operation = future[Symbol.iterator]();
  const { value: effect, done } = operation.next();
  if (done) throw new Error('no effect');
  const outcomes: unknown[] = [];
  const exit = effect.enter((outcome) => outcomes.push(outcome));
  return {
    outcomes,
    leave: () => exit(({ ok }) => assert.ok(ok)),
    next: (value) => operation.next(value).value,
  };
}

test('an operation that receives is told at once, and returns what it is resumed with', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const operation = entered(here.receive());
  void there.send('item');
  await pair.settle();
  assert.equal(operation.outcomes, [{ ok: true, value: 'item' }]);
  operation.leave();
  assert.is(operation.next('item'), 'item');
  assert.not(pair.local.alive);
});

test('an operation that gives its wait up takes no item, and keeps nothing alive', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const given = [entered(here.receive()), entered(here.receive({ timeout: 1_000_000 }))];
  const next = here.receive();
  for (const operation of given) operation.leave();
  void there.send('for the next');
  await pair.settle();
  assert.is(await next, 'for the next');
  assert.equal(
    given.flatMap(({ outcomes }) => outcomes),
    [],
  );
  assert.not(pair.local.alive);
});

test('an operation fails with what the wait rejects with, which is no unhandled rejection', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const [closed, late] = [entered(here.receive()), entered(here.waitClose({ timeout: 0 }))];
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.instance((late.outcomes[0] as { error: Error }).error, TimeoutError);
  there.close(new Error('over'));
  await pair.settle();
  assert.match((closed.outcomes[0] as { error: Error }).error.message, 'over');
});

test('what is settled before an operation enters is told by the promise', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const waiting = here.receive();
  const sent = there.send('early');
  await pair.settle();
  const operations = [entered(waiting), entered(sent)];
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    operations.map(({ outcomes }) => outcomes),
    [[{ ok: true, value: 'early' }], [{ ok: true, value: undefined }]],
  );
  const wrong = entered(here.receive({ timeout: -1 }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.instance((wrong.outcomes[0] as { error: Error }).error, TypeError);
});

test('of two operations that wait for the same, one may leave', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const future = here.receive();
  const [one, other] = [entered(future), entered(future)];
  one.leave();
  void there.send(1);
  await pair.settle();
  assert.equal([one.outcomes, other.outcomes], [[], [{ ok: true, value: 1 }]]);
  assert.is(await future, 1);
});

test('leaving again, or when it has been told, gives up nothing that others wait for', async () => {
  const pair = new LinkPair();
  const { here, there } = pair.channel();
  const [left, told] = [entered(here.receive()), entered(here.receive())];
  const [second, third] = [here.receive(), here.receive()];
  left.leave();
  left.leave();
  for (const item of [1, 2]) void there.send(item);
  await pair.settle();
  told.leave();
  told.leave();
  void there.send(3);
  await pair.settle();
  assert.equal([left.outcomes, told.outcomes], [[], [{ ok: true, value: 1 }]]);
  assert.equal(await Promise.all([second, third]), [2, 3]);
});

test.run();
