import { each as eachOf, type Operation, type Stream } from 'effection';

/** A channel, as far as iterating needs it. */
export interface Source<T> {
  receive(): Operation<T>;
}

/**
 * Iterates over the items of a channel, or over any stream of effection; the loop ends when the channel was closed, and throws when its execution
 * failed. As with effection, `yield* each.next()` ends each round. Leaving the loop closes nothing.
 *
 * ```ts no-run: a part of an operation
 * import { each } from '@execnet/execmodel-structured/local';
 *
 * declare const channel: import('@execnet/core').Channel<string>;
 *
 * export function* printed() {
 *   for (const item of yield* each(channel)) {
 *     console.log(item);
 *     yield* each.next();
 *   }
 * }
 * ```
 */
export const each: Each = Object.assign(
  <T>(items: Source<T> | Stream<T, unknown>): Operation<Iterable<T>> =>
    eachOf('receive' in items ? streamOf(items) : items),
  { next: eachOf.next },
);

/** The type of {@link each}. */
export interface Each {
  <T>(items: Source<T> | Stream<T, unknown>): Operation<Iterable<T>>;
  /** Goes on to the next item. */
  next(): Operation<void>;
}

function streamOf<T>(channel: Source<T>): Stream<T, void> {
  return {
    // oxlint-disable-next-line require-yield
    *[Symbol.iterator]() {
      return { next: () => nextOf(channel) };
    },
  };
}

function* nextOf<T>(channel: Source<T>): Operation<IteratorResult<T, void>> {
  try {
    return { done: false, value: yield* channel.receive() };
  } catch (error) {
    // not by class: two copies of core may be loaded
    if ((error as { code?: unknown }).code === 'ERR_EXECNET_CHANNEL_CLOSED')
      return { done: true, value: undefined };
    throw error;
  }
}
