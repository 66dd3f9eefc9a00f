import { type Effect, Err, Ok, type Operation, type Result } from 'effection';

/**
 * The result of something that can't be given up half way: who is halted while it waits goes on only when the promise has settled. If it rejects
 * then, that is what the halt fails with.
 */
export function settled<T>(promise: PromiseLike<T>): Operation<T> {
  return {
    *[Symbol.iterator]() {
      return (yield waitFor(promise)) as T;
    },
  };
}

function waitFor<T>(promise: PromiseLike<T>): Effect<T> {
  return {
    description: 'settled',
    enter(resolve) {
      let over = false;
      let leave: ((result: Result<void>) => void) | undefined;
      const settle = (result: Result<T>): void => {
        over = true;
        if (leave) leave(result.ok ? Ok() : result);
        else resolve(result);
      };
      // what is no promise may settle twice, or throw
      Promise.resolve(promise).then(
        (value) => settle(Ok(value)),
        (error: Error) => settle(Err(error)),
      );
      return (left) => {
        // a second halt waits for the same
        if (over) left(Ok());
        else leave = left;
      };
    },
  };
}
