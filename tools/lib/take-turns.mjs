/**
 * Does a piece of work for each item, so many at a time, in the order of the items.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} atATime
 * @param {(item: T) => Promise<void>} work
 */
export async function takeTurns(items, atATime, work) {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, lane));
}
