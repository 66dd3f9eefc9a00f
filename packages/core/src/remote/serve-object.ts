import type { Channel } from '../channel/index.ts';
import { DumpError, describeError } from '../errors/index.ts';

/** What `dispose` of a resource is called, where the interpreter has such names. */
const DISPOSERS: readonly (symbol | undefined)[] = [Symbol.asyncDispose, Symbol.dispose];

type Method = (...args: unknown[]) => unknown;

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

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
    // the path is that in the result
    if (error instanceof DumpError) error.message = error.message.replace('$[1]', '$');
    return channel.send([id, null, describeError(error)]);
  };
  const answerLater = async (id: unknown, result: unknown): Promise<void> => {
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
        if (typeof (result as PromiseLike<unknown> | undefined | null)?.then === 'function') {
          const answered = answerLater(id, result);
          running.add(answered);
          const over = (): void => void running.delete(answered);
          answered.then(over, over);
        } else await channel.send([id, result]);
      } catch (error) {
        // of the method, or of a result that can't be sent
        await fail(id, error);
      }
    }
    await Promise.race([Promise.all(running), aborted(channel.signal)]);
  } finally {
    for (const name of DISPOSERS) {
      const dispose = name && object[name];
      if (typeof dispose !== 'function') continue;
      await dispose.call(object);
      break;
    }
  }
}
