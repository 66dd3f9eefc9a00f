import { Spec } from 'execnet';
import { interpreters } from '../../lib/interpreters.mjs';
import { pythons } from '../../lib/pythons.mjs';

/** An interpreter to visit. */
export interface Target {
  /** `node 22.23.3`, as far as it is known before it answers. */
  readonly name: string;
  readonly spec: Spec;
}

/** The specs given as arguments, or every interpreter that was found on this machine. */
export function targets(specs: readonly string[]): Target[] {
  if (specs.length > 0) return specs.map((text) => ({ name: text, spec: Spec.parse(text) }));
  const javascript = interpreters().map((one) => ({ ...one, runtime: one.kind }));
  return [...javascript, ...pythons()].map(({ runtime, kind, path, version }) => ({
    name: `${runtime} ${version}`,
    spec: Spec.from({ popen: true, [kind]: quoted(path) }),
  }));
}

/** The value of `node=` is a command, split as a shell splits words. */
const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;
