import type { IdSpace } from '../channel/index.ts';

/** Ids made by a thread carry its slot, so that the receiver knows whose they are without being told: id = 2 × (n × SLOTS + slot). */
export const SLOTS = 256;

/** The ids of the channels that a thread makes: they lead to its slot, and differ from those of the thread that had it before. */
export function idsOf(generation: number, slot: number): IdSpace {
  return { first: 2 * ((generation % 4096) * 1024 * SLOTS + SLOTS + slot), step: 2 * SLOTS };
}
