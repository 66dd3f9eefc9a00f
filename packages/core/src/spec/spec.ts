import { SpecError } from '../errors/index.ts';
import { ENV_PREFIX, type Stdio } from './fields.ts';
import {
  type FieldValue,
  faultOfName,
  faultOfValue,
  formatFields,
  MASK,
  parseFields,
  showSpec,
} from './grammar.ts';

/** What a field of a {@link SpecObject} may hold; `false` and `undefined` leave the field out. */
export type SpecValue = string | number | boolean | undefined;

/** The typed form of a spec: `{ popen: true, python: 'pypy3', env: { LANG: 'C' }, nice: 5 }`. */
export interface SpecObject {
  readonly id?: string | undefined;
  readonly execmodel?: string | undefined;
  readonly chdir?: string | undefined;
  readonly nice?: number | string | undefined;
  readonly via?: string | undefined;
  readonly stdio?: Stdio | undefined;
  /** Seconds. */
  readonly keepalive?: number | string | undefined;
  readonly threads?: number | string | undefined;
  /** Environment variables of the remote end. An `undefined` leaves one out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The fields of transports and interpreters, and `env:NAME`. */
  readonly [field: string]: SpecValue | Readonly<Record<string, string | undefined>>;
}

/** Everything that stands for a spec. */
export type SpecLike = string | SpecObject | Spec;

/** What core itself reads from a spec, as typed values. */
export interface CoreOptions {
  readonly id?: string;
  readonly execmodel?: string;
  readonly chdir?: string;
  readonly nice?: number;
  readonly via?: string;
  readonly stdio?: Stdio;
  /** Seconds. */
  readonly keepalive?: number;
  readonly threads?: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Marks specs of every copy of this package. */
const BRAND = Symbol.for('execnet.spec');

/**
 * Says where and how to start an interpreter: an immutable, ordered set of fields.
 *
 * Text form: `key=value//key2//env:NAME=value`; a bare key is true, a value may hold `=`, and `\/` is a slash that does not separate.
 * Two specs with the same text are the same.
 */
export class Spec implements Iterable<[name: string, value: FieldValue]> {
  readonly #fields: ReadonlyMap<string, FieldValue>;
  /** The environment variables that the spec sets, in order. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(fields: ReadonlyMap<string, FieldValue>) {
    this.#fields = fields;
    const env: [string, string][] = [];
    for (const [name, value] of fields) {
      if (name.startsWith(ENV_PREFIX)) env.push([name.slice(ENV_PREFIX.length), String(value)]);
    }
    this.env = Object.freeze(Object.fromEntries(env));
    Object.freeze(this);
  }

  /** Parses the text form. Throws a `SpecError` that shows the spec, the piece and its position. */
  static parse(text: string): Spec {
    if (typeof text !== 'string') throw new TypeError(`a spec to parse must be a string, not ${typeof text}`);
    return new Spec(parseFields(text));
  }

  /** A spec from any of its forms. Throws a `SpecError` for a bad spec, a `TypeError` for a value of a wrong type. */
  static from(spec: SpecLike): Spec {
    if (spec instanceof Spec) return spec;
    if (typeof spec === 'string') return Spec.parse(spec);
    if (typeof spec !== 'object' || spec === null)
      throw new TypeError(`a spec must be a string, an object or a Spec, not ${String(spec)}`);
    if (BRAND in spec) return Spec.parse(String(spec));
    return Spec.#build(new Map(), spec);
  }

  /** The value of a field, `true` for a bare key, undefined if it is not there. `env:NAME` is a field as well. */
  get(name: string): FieldValue | undefined {
    return this.#fields.get(name);
  }

  /** Whether the field is there, bare or with a value. */
  has(name: string): boolean {
    return this.#fields.has(name);
  }

  /** Number of fields, each environment variable counted. */
  get size(): number {
    return this.#fields.size;
  }

  /** The fields that core owns, as typed values. */
  get core(): CoreOptions {
    const text = (name: string): Record<string, string> => {
      const value = this.#fields.get(name);
      return typeof value === 'string' ? { [name]: value } : {};
    };
    const number = (name: string): Record<string, number> => {
      const value = this.#fields.get(name);
      return value === undefined ? {} : { [name]: Number(value) };
    };
    return {
      ...text('id'),
      ...text('execmodel'),
      ...text('chdir'),
      ...number('nice'),
      ...text('via'),
      ...text('stdio'),
      ...number('keepalive'),
      ...number('threads'),
      env: this.env,
    };
  }

  /**
   * A new spec with these fields replaced in place, or added at the end. `false` or `undefined` removes a field;
   * `env` is merged, an `undefined` in it removes the variable.
   */
  with(fields: SpecObject): Spec {
    return Spec.#build(new Map(this.#fields), fields);
  }

  /** The fields in order; environment variables as `env:NAME`. */
  [Symbol.iterator](): IterableIterator<[name: string, value: FieldValue]> {
    return this.#fields.entries();
  }

  /** The text form. `Spec.parse` of it gives the same spec; so the values of environment variables are in it: for messages take `redacted()`. */
  toString(): string {
    return formatFields(this.#fields);
  }

  /** The text form with the values of environment variables masked, for messages and traces. */
  redacted(): string {
    return formatFields(maskEnv(this.#fields));
  }

  static {
    Object.defineProperties(Spec.prototype, {
      [BRAND]: { value: true },
      // console.log shows <Spec popen//env:TOKEN=***>
      [Symbol.for('nodejs.util.inspect.custom')]: {
        value(this: Spec): string {
          return `<Spec ${this.redacted()}>`;
        },
      },
    });
  }

  static #build(fields: Map<string, FieldValue>, changes: SpecObject): Spec {
    for (const [name, value] of Object.entries(changes)) {
      if (name === 'env') {
        for (const [variable, text] of Object.entries(environment(value)))
          change(fields, ENV_PREFIX + variable, text);
      } else {
        change(fields, name, value);
      }
    }
    if (fields.size > 0) return new Spec(fields);
    throw new SpecError(
      'ERR_EXECNET_SPEC',
      'a spec without fields: expected a transport at least, like { popen: true }',
    );
  }
}

function environment(value: unknown): object {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new TypeError(`env of a spec must be an object of strings, not ${String(value)}`);
}

function change(fields: Map<string, FieldValue>, name: string, value: unknown): void {
  if (value === undefined || value === false) {
    fields.delete(name);
    return;
  }
  if (typeof value !== 'string' && typeof value !== 'number' && value !== true) {
    throw new TypeError(`field "${name}" of a spec must be a string, a number or true, not ${typeof value}`);
  }
  const text = value === true ? value : String(value);
  const fault = faultOfName(name) ?? faultOfValue(name, text);
  if (fault !== undefined) {
    const others = formatFields(maskEnv(fields));
    const context = others === '' ? '' : ` (beside ${showSpec(others)})`;
    throw new SpecError('ERR_EXECNET_SPEC', `field ${JSON.stringify(name)} of a spec${context} ${fault}`);
  }
  fields.set(name, text);
}

function maskEnv(fields: Iterable<readonly [string, FieldValue]>): [string, FieldValue][] {
  return [...fields].map(([name, value]) => [name, name.startsWith(ENV_PREFIX) ? MASK : value]);
}
