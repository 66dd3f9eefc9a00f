/**
 * Which package of this project brings which name: only for error messages, nothing is loaded by it.
 * Names that need no import (`node`, `bun`, `deno`) are part of core and missing here.
 */
const PACKAGES: Readonly<
  Record<string, { readonly fields: readonly string[]; readonly execmodels: readonly string[] }>
> = {
  '@execnet/transport-popen': { fields: ['popen'], execmodels: [] },
  '@execnet/transport-ssh': { fields: ['ssh', 'ssh_config'], execmodels: [] },
  '@execnet/transport-socket': { fields: ['socket', 'installvia'], execmodels: [] },
  '@execnet/interpreter-python': {
    fields: ['python', 'dont_write_bytecode'],
    execmodels: ['eventlet', 'gevent'],
  },
  '@execnet/execmodel-thread': { fields: [], execmodels: ['thread', 'main_thread_only'] },
  '@execnet/execmodel-worker': { fields: ['heap', 'stack'], execmodels: ['worker'] },
  '@execnet/execmodel-structured': { fields: [], execmodels: ['structured'] },
};

function index(list: 'fields' | 'execmodels'): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(PACKAGES).flatMap(([name, brings]) => brings[list].map((item) => [item, name] as const)),
  );
}

/** Package by field name. */
export const FIELD_PACKAGES: ReadonlyMap<string, string> = index('fields');

/** Package by the value of `execmodel=`. */
export const EXECMODEL_PACKAGES: ReadonlyMap<string, string> = index('execmodels');

/** The import that adds what a package brings to the default registry. */
export function importHint(packageName: string): string {
  return `import '${packageName}/register'`;
}
