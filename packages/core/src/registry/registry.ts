import { type ErrorCode, ExecnetError, SpecError } from '../errors/index.ts';
import { isCoreField, type Spec } from '../spec/index.ts';
import type { ExecModel, Family, Interpreter, Plugin, Transport } from './contracts.ts';
import { execmodelPackages, FIELD_PACKAGES, importHint } from './official.ts';
import { mostSimilar } from './similar.ts';

/** What `execmodel=` is without being written. */
const DEFAULT_EXECMODEL = 'thread';

/** How a {@link Registry} decides where a spec says nothing. */
export interface RegistryOptions {
  /**
   * Field name of the interpreter for specs that name none; without it the one that the host runs on, which is that of this program if no `via=`
   * names another, and `node` where a transport reaches machines of which nothing is known.
   */
  readonly defaultInterpreter?: string;
}

/** What is known when a spec is resolved, besides the spec. */
export interface ResolveOptions {
  /** What the peer said it is. Without it: what the spec says, else the family of the default interpreter. */
  readonly family?: Family;
  /** Field name of the interpreter that the host runs on; without it that of this program. */
  readonly hostInterpreter?: string;
}

/** The plugins that a spec selects. */
export interface Resolution {
  readonly transport: Transport;
  /** Of a `peer` transport without an interpreter field a guess, until the peer has said its family: then resolve again with it. */
  readonly interpreter: Interpreter;
  readonly execmodel: ExecModel;
}

/** What machines that nothing is known of are asked for. */
const USUAL_INTERPRETER = 'node';

/** A plugin that is selected by a field. */
type FieldPlugin = Transport | Interpreter;

/**
 * The plugins that a group may use, and the rules by which a spec selects among them.
 *
 * Plugins are told apart by `kind`, so those of another copy of this package work. Nothing is ever removed or replaced:
 * registering a name twice is an `ERR_EXECNET_DUPLICATE_PLUGIN`.
 */
export class Registry {
  readonly #selectors = new Map<string, FieldPlugin>();
  /**
   * Option fields, each with the plugins that claim it. Several may, if only one of them can be in use: execution models share none with
   * transports and interpreters.
   */
  readonly #options = new Map<string, Plugin[]>();
  readonly #execmodels = new Map<string, ExecModel>();
  readonly #defaultInterpreter: string | undefined;

  constructor(plugins: Iterable<Plugin> = [], options: RegistryOptions = {}) {
    this.#defaultInterpreter = options.defaultInterpreter;
    for (const plugin of plugins) this.add(plugin);
  }

  /** The transports, in order of registration. */
  get transports(): readonly Transport[] {
    return [...this.#selectors.values()].filter((plugin) => plugin.kind === 'transport');
  }

  /** The interpreters, in order of registration. */
  get interpreters(): readonly Interpreter[] {
    return [...this.#selectors.values()].filter((plugin) => plugin.kind === 'interpreter');
  }

  /** The execution models, in order of registration. */
  get execmodels(): readonly ExecModel[] {
    return [...this.#execmodels.values()];
  }

  /** The transport that the field `field` selects. */
  transport(field: string): Transport | undefined {
    const plugin = this.#selectors.get(field);
    return plugin?.kind === 'transport' ? plugin : undefined;
  }

  /** The interpreter that the field `field` selects. */
  interpreter(field: string): Interpreter | undefined {
    const plugin = this.#selectors.get(field);
    return plugin?.kind === 'interpreter' ? plugin : undefined;
  }

  /** The execution model of that name for remote ends of that family. */
  execmodel(name: string, family: Family): ExecModel | undefined {
    return this.#execmodels.get(executionKey(name, family));
  }

  /**
   * Adds one plugin. Throws `ERR_EXECNET_DUPLICATE_PLUGIN` and changes nothing if its name, or one of its fields, is taken
   * or belongs to core; a TypeError for what is no plugin.
   */
  add(plugin: Plugin): this {
    switch (plugin?.kind) {
      case 'execmodel':
        this.#addExecmodel(plugin);
        return this;
      case 'transport':
      case 'interpreter':
        this.#addFieldPlugin(plugin);
        return this;
      default:
        throw new TypeError(
          `a plugin must have kind "transport", "interpreter" or "execmodel", not ${JSON.stringify((plugin as Plugin | undefined)?.kind)}; ` +
            'plugins are made by calling their factory, popen() for instance',
        );
    }
  }

  /**
   * The plugins that `spec` selects: the transport and the interpreter by the names of its fields, the execution model by the
   * value of `execmodel=`. Throws a `SpecError` that says what is unknown, ambiguous or missing, and what to do.
   */
  resolve(spec: Spec, options: ResolveOptions = {}): Resolution {
    this.#checkFields(spec);
    const transport = this.#selectTransport(spec);
    const interpreter = this.#selectInterpreter(spec, transport, options);
    this.#checkOptions(spec, [transport, interpreter]);
    const execmodel = this.#selectExecmodel(spec, interpreter.family);
    this.#checkOptions(spec, [execmodel]);
    return { transport, interpreter, execmodel };
  }

  #addExecmodel(plugin: ExecModel): void {
    const key = executionKey(plugin.name, plugin.family);
    if (this.#execmodels.has(key)) {
      throw duplicate(`execmodel "${plugin.name}" for ${plugin.family} ends is registered already`);
    }
    const { options = [] } = plugin;
    for (const name of options) {
      const owner = `execmodel "${plugin.name}"`;
      if (isCoreField(name) || name === 'env')
        throw duplicate(`${owner} claims the field "${name}", which belongs to core`);
      if (this.#selectors.has(name) || this.#options.get(name)?.some(({ kind }) => kind !== 'execmodel'))
        throw duplicate(`${owner} claims the field "${name}", which another plugin has`);
    }
    this.#execmodels.set(key, plugin);
    this.#claim(options, plugin);
  }

  #claim(options: readonly string[], plugin: Plugin): void {
    for (const name of options) this.#options.set(name, [...(this.#options.get(name) ?? []), plugin]);
  }

  #addFieldPlugin(plugin: FieldPlugin): void {
    const owner = `${plugin.kind} "${plugin.field}"`;
    const present = this.#selectors.get(plugin.field);
    if (present !== undefined) {
      const what =
        present.kind === plugin.kind
          ? `${owner} is registered already`
          : `${owner} selects by the same field as ${present.kind} "${present.field}"`;
      throw duplicate(what);
    }
    for (const name of [plugin.field, ...plugin.options]) {
      if (this.#options.get(name)?.some(({ kind }) => kind === 'execmodel'))
        throw duplicate(`${owner} claims the field "${name}", which an execmodel has`);
      if (isCoreField(name) || name === 'env')
        throw duplicate(`${owner} claims the field "${name}", which belongs to core`);
    }
    const claimed = this.#options.get(plugin.field)?.[0];
    if (claimed)
      throw duplicate(
        `${owner} selects by a field that ${claimed.kind} ${selectedBy(claimed)} claims as an option`,
      );
    for (const name of plugin.options) {
      const selected = this.#selectors.get(name);
      if (selected || name === plugin.field)
        throw duplicate(`${owner} claims the field "${name}" as an option, which selects a plugin`);
    }
    this.#selectors.set(plugin.field, plugin);
    this.#claim(plugin.options, plugin);
  }

  #checkFields(spec: Spec): void {
    let before: string | true | undefined;
    for (const [name, value] of spec) {
      if (!isCoreField(name) && !this.#selectors.has(name) && !this.#options.has(name)) {
        throw this.#unknownField(spec, name, typeof before === 'string' && before.endsWith(':'));
      }
      before = value;
    }
  }

  #selectTransport(spec: Spec): Transport {
    const transports = this.transports.filter((plugin) => spec.has(plugin.field));
    const [transport, second] = transports;
    if (transport === undefined) {
      const known = this.transports.map((plugin) => plugin.field);
      const choice =
        known.length > 0
          ? `registered are ${known.join(', ')}`
          : `none is registered (${importHint('@execnet/transport-popen')})`;
      throw failure('ERR_EXECNET_SPEC', spec, `names no transport; ${choice}`);
    }
    if (second !== undefined) throw ambiguous(spec, transports);
    return transport;
  }

  #selectInterpreter(spec: Spec, transport: Transport, options: ResolveOptions): Interpreter {
    const { family } = options;
    const named = this.interpreters.filter((plugin) => spec.has(plugin.field));
    if (named.length > 1) throw ambiguous(spec, named);
    const [interpreter] = named;
    if (interpreter !== undefined) {
      if (family === undefined || interpreter.family === family) return interpreter;
      throw failure(
        'ERR_EXECNET_SPEC',
        spec,
        `asks for a ${interpreter.family} end by "${interpreter.field}", but a ${family} end answered; leave "${interpreter.field}" out`,
      );
    }
    const wanted = family ?? this.#familyByExecmodel(spec, transport);
    const usual = transport.place === 'elsewhere' ? USUAL_INTERPRETER : options.hostInterpreter;
    const standardName = this.#defaultInterpreter ?? usual ?? runningInterpreter();
    const standard = this.interpreter(standardName);
    if (standard !== undefined && (wanted === undefined || standard.family === wanted)) return standard;
    const other = this.interpreters.find((plugin) => plugin.family === wanted);
    if (other !== undefined) return other;
    throw failure('ERR_EXECNET_UNKNOWN_FIELD', spec, this.#missingInterpreter(wanted, standardName));
  }

  #missingInterpreter(family: Family | undefined, standard: string): string {
    if (family === 'python') {
      return `a python end answered, and no interpreter for it is registered (${importHint('@execnet/interpreter-python')})`;
    }
    const known = this.interpreters.map((plugin) => plugin.field).join(', ') || 'none';
    return `names no interpreter, and the default one, "${standard}", is not registered; registered: ${known}`;
  }

  /** What answers at a peer is not known before it does; an execution model that only one family has tells. */
  #familyByExecmodel(spec: Spec, transport: Transport): Family | undefined {
    if (transport.starts !== 'peer') return undefined;
    const name = spec.core.execmodel ?? DEFAULT_EXECMODEL;
    const families = this.execmodels.filter((plugin) => plugin.name === name).map((plugin) => plugin.family);
    return families.length === 1 ? families[0] : undefined;
  }

  #selectExecmodel(spec: Spec, family: Family): ExecModel {
    const name = spec.core.execmodel ?? DEFAULT_EXECMODEL;
    const found = this.execmodel(name, family);
    if (found !== undefined) return found;
    const known = this.execmodels.filter((plugin) => plugin.family === family).map((plugin) => plugin.name);
    const elsewhere = this.execmodels.find((plugin) => plugin.name === name)?.family;
    const official = execmodelPackages(family);
    const hints: string[] = [];
    if (elsewhere !== undefined && !official.has(name)) {
      const fields = this.interpreters
        .filter((plugin) => plugin.family === elsewhere)
        .map((plugin) => `"${plugin.field}"`);
      hints.push(
        `${elsewhere} ends have it: add ${fields.join(' or ') || `a ${elsewhere} interpreter`} to the spec`,
      );
    } else {
      const others = execmodelPackages(family === 'python' ? 'javascript' : 'python');
      hints.push(...this.#meant(name, known, new Map([...others, ...official])));
    }
    const hint = hints.length > 0 ? ` (${hints.join(' ')})` : '';
    throw failure(
      'ERR_EXECNET_UNKNOWN_EXECMODEL',
      spec,
      `no plugin brings the execmodel "${name}" for ${family} ends${hint}; registered: ${known.join(', ') || 'none'}`,
    );
  }

  /** An option that plugins of the kinds of `chosen` claim must be claimed by one of these. */
  #checkOptions(spec: Spec, chosen: readonly Plugin[]): void {
    const kinds = new Set(chosen.map(({ kind }) => kind));
    for (const [name] of spec) {
      const owners = this.#options.get(name)?.filter(({ kind }) => kinds.has(kind)) ?? [];
      if (owners.length === 0 || owners.some((owner) => chosen.includes(owner))) continue;
      const fields = [...new Set(owners.map(selectedBy))].join(' or ');
      throw failure(
        'ERR_EXECNET_UNKNOWN_FIELD',
        spec,
        `the field "${name}" means something only together with ${fields}`,
      );
    }
  }

  #unknownField(spec: Spec, name: string, followsColon: boolean): SpecError {
    const registered = [...this.#selectors.keys(), ...this.#options.keys()];
    const hints = this.#meant(name, registered, FIELD_PACKAGES);
    if (followsColon) hints.push('if it belongs to the value before it, write \\/ for each slash there');
    const hint = hints.length > 0 ? ` (${hints.join(' ')})` : '';
    return failure(
      'ERR_EXECNET_UNKNOWN_FIELD',
      spec,
      `no plugin knows the field "${name}"${hint}; registered: ${registered.join(', ') || 'none'}`,
    );
  }

  #meant(name: string, registered: readonly string[], official: ReadonlyMap<string, string>): string[] {
    const exact = official.get(name);
    if (exact !== undefined) return [importHint(exact)];
    const similar = mostSimilar(name, [...registered, ...official.keys()]);
    if (similar === undefined) return [];
    const bringing = registered.includes(similar) ? undefined : official.get(similar);
    return [`did you mean "${similar}"?`, ...(bringing === undefined ? [] : [importHint(bringing)])];
  }
}

/** The field name of the interpreter that this program runs on. */
export function runningInterpreter(): 'node' | 'bun' | 'deno' {
  if ('Deno' in globalThis) return 'deno';
  return 'Bun' in globalThis ? 'bun' : 'node';
}

function executionKey(name: string, family: Family): string {
  return `${family}/${name}`;
}

/** What in a spec selects the plugin, for messages. */
function selectedBy(plugin: Plugin): string {
  return plugin.kind === 'execmodel' ? `execmodel=${plugin.name}` : `"${plugin.field}"`;
}

function duplicate(message: string): ExecnetError {
  return new ExecnetError('ERR_EXECNET_DUPLICATE_PLUGIN', `${message}; register each plugin once`);
}

function ambiguous(spec: Spec, plugins: readonly FieldPlugin[]): SpecError {
  const fields = plugins.map((plugin) => `"${plugin.field}"`).join(' and ');
  return failure(
    'ERR_EXECNET_AMBIGUOUS_FIELD',
    spec,
    `${fields} each select ${article(plugins[0]?.kind)}; leave one`,
  );
}

function article(kind: string | undefined): string {
  return kind === 'interpreter' ? 'an interpreter' : `a ${kind}`;
}

function failure(code: ErrorCode, spec: Spec, message: string): SpecError {
  return new SpecError(code, `${JSON.stringify(spec.redacted())}: ${message}`);
}
