import { type Plugin, Registry, type RegistryOptions } from '../registry/index.ts';
import { bun } from './bun.ts';
import { deno } from './deno.ts';
import { node } from './node.ts';

/** A registry that knows the interpreters of core, `node`, `bun` and `deno`, and the plugins that it is given. */
export class StandardRegistry extends Registry {
  constructor(plugins: Iterable<Plugin> = [], options: RegistryOptions = {}) {
    super([node(), bun(), deno(), ...plugins], options);
  }
}

/**
 * The registry of groups that are given none; `…/register` entry points add to it.
 *
 * There is one for each loaded copy of this package, not one for the process: a plugin registers with the copy that it resolves to, and two
 * versions of this package in one program don't get plugins made for the other. If that separates a plugin from the program that wants
 * it, the error about the unknown field says what this copy has; deduplicate the installation, or pass a `Registry` of your own.
 */
export const defaultRegistry: Registry = new StandardRegistry();
