import type { Family } from './contracts.ts';

interface Brought {
  readonly fields: readonly string[];
  readonly execmodels: readonly string[];
  /** That of the execution models. */
  readonly family: Family;
}

/**
 * Which package of this project brings which name: only for error messages, nothing is loaded by it.
 * Names that need no import (`node`, `bun`, `deno`) are part of core and missing here.
 */
const PACKAGES: Readonly<Record<string, Brought>> = {
  '@execnet/transport-popen': { fields: ['popen'], execmodels: [], family: 'javascript' },
  '@execnet/transport-ssh': { fields: ['ssh', 'ssh_config'], execmodels: [], family: 'javascript' },
  '@execnet/transport-socket': { fields: ['socket', 'installvia'], execmodels: [], family: 'javascript' },
  '@execnet/interpreter-python': {
    fields: ['python', 'dont_write_bytecode'],
    execmodels: ['thread', 'main_thread_only', 'eventlet', 'gevent'],
    family: 'python',
  },
  '@execnet/execmodel-thread': {
    fields: [],
    execmodels: ['thread', 'main_thread_only'],
    family: 'javascript',
  },
  '@execnet/execmodel-worker': { fields: ['heap', 'stack'], execmodels: ['worker'], family: 'javascript' },
  '@execnet/execmodel-structured': { fields: [], execmodels: ['structured'], family: 'javascript' },
};

/** Package by field name. */
export const FIELD_PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries(PACKAGES).flatMap(([name, { fields }]) => fields.map((field) => [field, name] as const)),
);

/** Package by the value of `execmodel=`, for ends of a family. */
export function execmodelPackages(family: Family): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(PACKAGES)
      .filter(([, brings]) => brings.family === family)
      .flatMap(([name, { execmodels }]) => execmodels.map((model) => [model, name] as const)),
  );
}

/** The import that adds what a package brings to the default registry. */
export function importHint(packageName: string): string {
  return `import '${packageName}/register'`;
}
