import type { Baseline } from './baseline.ts';
import type { Row } from './row.ts';

/** An interpreter of the JavaScript family on this machine. */
export interface Interpreter {
  readonly name: string;
  readonly kind: 'node' | 'bun' | 'deno';
  readonly path: string;
}

/** Where and how to measure. */
export interface Setting {
  /** A few rounds and little work: a look at whether it runs, no figures to keep. */
  readonly quick: boolean;
  /** What the remote ends of all benchmarks but `start-up` run on. */
  readonly interpreter: Interpreter;
  /** Those that `start-up` compares. */
  readonly interpreters: readonly Interpreter[];
  /** The Node that floors run on: the interpreter itself if it is one, else the running one. */
  readonly node: string;
  /** Python's execnet; undefined if it is not installed. */
  readonly python: Baseline | undefined;
}

/** One file of `benchmarks/`. */
export interface Benchmark {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  run(setting: Setting): Promise<Row[]>;
}

/** The spec of a remote end on this interpreter. */
export function specOf({ kind, path }: Interpreter): string {
  return `popen//${kind}=${path}`;
}

export const EXECNET = "Python's execnet";
