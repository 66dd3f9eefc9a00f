/** What several measurements of one thing gave. */
export interface Samples {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly values: readonly number[];
}

/** One measurement: a time, a rate or a size. */
export type Subject = () => number | Promise<number>;

/** Called before each measurement; set by `--patient`. */
const before: { measurement: () => Promise<void> } = { measurement: async () => {} };

/** From now on every measurement waits for `wait` first. */
export function measureAfter(wait: () => Promise<void>): void {
  before.measurement = wait;
}

export interface RoundOptions {
  readonly rounds: number;
  /** Rounds before those that count: compilers and page caches get warm in them. Default: 1. */
  readonly warmUp?: number;
}

function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('nothing was measured: there is no median');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}

export function samplesOf(values: readonly number[]): Samples {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values), values };
}

/**
 * Measures the subjects in turn, round by round, so that whatever else the machine does meanwhile hits all of them alike. Each round begins
 * with another subject, so that none always runs behind the same one. A subject that is `undefined` is not there, and has no samples.
 */
export async function interleave<K extends string>(
  subjects: Readonly<Record<K, Subject | undefined>>,
  { rounds, warmUp = 1 }: RoundOptions,
): Promise<Record<K, Samples | undefined>> {
  const names = Object.keys(subjects) as K[];
  const values = new Map<K, number[]>();
  for (let round = -warmUp; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + warmUp) % names.length] as K;
      const subject = subjects[name];
      if (subject === undefined) continue;
      await before.measurement();
      const value = await subject();
      if (round < 0) continue;
      const list = values.get(name);
      if (list) list.push(value);
      else values.set(name, [value]);
    }
  }
  const entries = names.map((name) => {
    const list = values.get(name);
    return [name, list && samplesOf(list)] as const;
  });
  return Object.fromEntries(entries) as Record<K, Samples | undefined>;
}

/** Milliseconds that `work` takes. */
export async function milliseconds(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
