import { type Channel, orAborted } from '../channel/index.ts';
import { describeError, dumpedWithin } from '../errors/index.ts';
import { promised } from '../promised.ts';

/** The names that `dispose` of a resource has, where the interpreter has such names. */
const DISPOSERS: readonly (symbol | undefined)[] = [Symbol.asyncDispose, Symbol.dispose];

/** The place of a result in an answer. */
const RESULT = '$[1]';

type Method = (...args: unknown[]) => unknown;

/**
 * Runs the calls of an object's methods, `[id, name, arguments]`, that come over its channel, and answers with `[id, result]` or `[id, null, error]`. They
 * begin in the order in which they come, and none waits for another. When the other end sends no more, and all have been answered, or when the execution is
 * cancelled, the object is disposed of. `shown` prepares the stack of an error.
 */
export async function serveObject(
  channel: Channel,
  value: unknown,
  shown: (error: unknown) => void,
): Promise<void> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function')
    throw new TypeError(`an object is exposed, not ${value === null ? 'null' : typeof value}`);
  const object = value as Record<string | symbol, Method | undefined>;
  const running = new Set<Promise<void>>();

  const fail = (id: unknown, error: unknown): Promise<void> => {
    shown(error);
    return channel.send([id, null, describeError(dumpedWithin(error, RESULT))]);
  };
  const answerLater = async (id: unknown, result: Promise<unknown>): Promise<void> => {
    try {
      await channel.send([id, await result]);
    } catch (error) {
      await fail(id, error);
    }
  };

  try {
    // it is there
    await channel.send(null);
    for await (const call of channel) {
      const [id, name, args] = call as [id: unknown, name: string, args: unknown[]];
      try {
        const method = object[name];
        if (typeof method !== 'function') throw new TypeError(`${name} is no method of the object`);
        const result = method.apply(object, args);
        const later = promised(result);
        if (later) {
          const answered = answerLater(id, later);
          running.add(answered);
          const over = (): void => void running.delete(answered);
          answered.then(over, over);
        } else await channel.send([id, result]);
      } catch (error) {
        // of the method, or of a result that can't be sent
        await fail(id, error);
      }
    }
    const answered = Promise.all(running);
    // where the signal was aborted before, nobody waits for them
    answered.catch(() => {});
    await orAborted(answered, channel.signal);
  } finally {
    for (const name of DISPOSERS) {
      const dispose = name && object[name];
      if (typeof dispose !== 'function') continue;
      await dispose.call(object);
      break;
    }
  }
}
