import { ExecnetError } from '../errors/index.ts';

/** The parser and the scope analyser. */
export interface Analyser {
  readonly acorn: typeof import('acorn');
  readonly scope: typeof import('eslint-scope');
}

let loading: Promise<Analyser> | undefined;
let loaded: Analyser | undefined;

/**
 * Loads what {@link prepareFunction} needs; resolves at once when that is there. It takes more than half of the time that an interpreter takes to boot, so
 * core does it while the first one boots, and `import '@execnet/core'` does not pay for it.
 */
export async function loadAnalyser(): Promise<void> {
  // two literal imports: a bundler turns them into part of its one file
  loading ??= Promise.all([import('acorn'), import('eslint-scope')]).then(([acorn, scope]) => ({
    acorn,
    scope,
  }));
  loaded = await loading;
}

/** The analyser. Throws if `loadAnalyser()` has not resolved before: a fault of the caller in core, not of the user. */
export function analyser(): Analyser {
  if (loaded === undefined) {
    throw new ExecnetError(
      'ERR_EXECNET_INTERNAL',
      'a function was prepared before loadAnalyser() had resolved',
    );
  }
  return loaded;
}
