import type { Samples } from './rounds.ts';

/** In what values are counted; the table picks the prefix. */
export type Unit = 'ms' | 'per second' | 'bytes per second' | 'bytes';

/** A bound: on the ratio to something, or on the value itself. */
export type Aim = { readonly most: number } | { readonly least: number };

/** Something that a result is held against. */
export interface Comparison {
  readonly name: string;
  /** Absent where it is not there on this machine, which `name` says. */
  readonly value: number | undefined;
  /** The result divided by `value`. */
  readonly ratio: number | undefined;
  readonly aim?: Aim;
  readonly met?: boolean;
  readonly samples?: readonly number[];
}

/** One thing that was measured. */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly value: number;
  readonly samples: readonly number[];
  readonly comparisons: readonly Comparison[];
  /** A bound on the value itself. */
  readonly aim?: Aim;
  readonly met?: boolean;
}

/** What the result of a row is to be compared with. */
export interface Against {
  readonly name: string;
  readonly samples: Samples | undefined;
  readonly aim?: Aim;
}

export interface RowOptions {
  readonly what: string;
  readonly unit: Unit;
  readonly samples: Samples | undefined;
  readonly against?: readonly Against[];
  readonly aim?: Aim;
}

/** A row from the medians. Ratios are those of the medians, so that a reader can check them against the table. */
export function row({ what, unit, samples, against = [], aim }: RowOptions): Row {
  if (samples === undefined) throw new TypeError(`${what} was not measured`);
  const value = samples.median;
  return {
    what,
    unit,
    value,
    samples: samples.values,
    comparisons: against.map((other) => compare(value, other)),
    ...(aim ? { aim, met: holds(value, aim) } : {}),
  };
}

function compare(result: number, { name, samples, aim }: Against): Comparison {
  if (samples === undefined) return { name, value: undefined, ratio: undefined, ...(aim ? { aim } : {}) };
  const ratio = result / samples.median;
  return {
    name,
    value: samples.median,
    ratio,
    ...(aim ? { aim, met: holds(ratio, aim) } : {}),
    samples: samples.values,
  };
}

function holds(value: number, aim: Aim): boolean {
  return 'most' in aim ? value <= aim.most : value >= aim.least;
}
