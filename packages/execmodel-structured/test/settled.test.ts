import { setImmediate as turn } from 'node:timers/promises';
import type { Result } from 'effection';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settled } from '../src/settled.ts';

/** Enters the effect as effection does; what it is resolved with, and what each halt is answered with, in order. */
function entered<T>(promise: PromiseLike<T>): { told: Result<T>[]; left: Result<void>[]; halt(): void } {
  const { value: effect, done } = settled(promise)[Symbol.iterator]().next();
  if (done) throw new Error('no effect');
  const told: Result<T>[] = [];
  const left: Result<void>[] = [];
  const leave = effect.enter((result) => told.push(result as Result<T>), {} as never);
  return { told, left, halt: () => leave((result) => left.push(result)) };
}

interface Thenable<T> extends PromiseLike<T> {
  fulfil(value: T): void;
  reject(error: Error): void;
}

/** No promise: it tells whatever it is told to, as often as that is. */
function thenable<T>(): Thenable<T> {
  let heard: Parameters<PromiseLike<T>['then']> = [];
  const made = {
    fulfil: (value: T) => heard[0]?.(value),
    reject: (error: Error) => heard[1]?.(error),
  };
  Reflect.set(made, 'then', (...handlers: typeof heard) => {
    heard = handlers;
  });
  return made as Thenable<T>;
}

test('what settles twice is told once', async () => {
  const promise = thenable<number>();
  const { told } = entered(promise);
  await turn();
  promise.fulfil(1);
  promise.fulfil(2);
  promise.reject(new Error('too late'));
  await turn();
  assert.equal(told, [{ ok: true, value: 1 }]);
});

test('a halt waits until it has settled, and so does a second one', async () => {
  const promise = thenable<number>();
  const { told, left, halt } = entered(promise);
  await turn();
  halt();
  halt();
  await turn();
  assert.equal([told, left], [[], []]);
  promise.fulfil(1);
  promise.fulfil(2);
  await turn();
  assert.equal([told, left.map(({ ok }) => ok)], [[], [true]]);
});

test('a halt fails with what it rejects with', async () => {
  const error = new Error('its end');
  const promise = thenable<number>();
  const { told, left, halt } = entered(promise);
  await turn();
  halt();
  promise.reject(error);
  await turn();
  assert.equal(told, []);
  assert.is(left.length, 1);
  assert.is((left[0] as { error: Error }).error, error);
});

test('a halt behind its end is answered at once, each time', async () => {
  const { told, left, halt } = entered(Promise.resolve('done'));
  await turn();
  halt();
  halt();
  assert.is(told.length, 1);
  assert.is(left.length, 2);
});

test.run();
