import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RemoteError, rejectAtCaller, TimeoutError } from '../../src/errors/index.ts';

/** JavaScriptCore does not know who awaits. */
const isAsynchronous = !('bun' in process.versions);

/** A promise that is rejected from elsewhere. */
function rejectedLater(error: Error): Promise<never> {
  return new Promise((resolve, reject) => {
    setTimeout(() => rejectAtCaller(error, { resolve, reject }), 1);
  });
}

async function first(promise: Promise<unknown>): Promise<Error> {
  try {
    return await promise.then(() => new Error('it resolved'));
  } catch (error) {
    return error as Error;
  }
}

async function second(promise: Promise<unknown>): Promise<Error> {
  return await first(promise);
}

test('an error names who awaits it, and keeps what it had from the other end', async () => {
  const remote = new RemoteError({ name: 'Error', message: 'there', stack: 'Error: there\n    at remote' });
  for (const error of [remote, new TimeoutError('too long')]) {
    assert.is(await second(rejectedLater(error)), error);
    const stack = error.stack ?? '';
    assert.ok(
      stack.startsWith(
        error === remote ? 'RemoteError: Error: there\n    at remote' : 'TimeoutError: too long',
      ),
    );
    if (isAsynchronous) {
      assert.match(stack, /at async first .*\n.*at async second/);
      assert.not.match(stack, 'rejectedLater');
    }
  }
});

test('an error that several await names them all, each once', async () => {
  const error = new TimeoutError('too long');
  await Promise.all([first(rejectedLater(error)), second(rejectedLater(error)), first(rejectedLater(error))]);
  if (!isAsynchronous) return;
  assert.is(error.stack?.match(/at async second/g)?.length, 1);
  assert.is(error.stack?.match(/--- and ---/g)?.length, 2);
});

test('an error of somebody else is left as it is', async () => {
  const error = new RangeError('not ours');
  const { stack } = error;
  assert.is(await first(rejectedLater(error)), error);
  assert.is(error.stack, stack);
});

test('a program that has its stacks in another form gets the error all the same', async () => {
  const own = Error.prepareStackTrace;
  try {
    Error.prepareStackTrace = (_error, sites) => sites;
    const error = new TimeoutError('too long');
    assert.is(await first(rejectedLater(error)), error);
  } finally {
    Error.prepareStackTrace = own;
  }
});

test.run();
