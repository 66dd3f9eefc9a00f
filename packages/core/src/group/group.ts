import type { Sent, WaitOptions, Wire } from '../channel/index.ts';
import { atCaller, ExecnetError, SpecError, TerminateError } from '../errors/index.ts';
import {
  type ArgsAndOptions,
  type ExecOptions,
  type Gateway,
  openGateway,
  type RemoteFunction,
  type TerminateOptions,
} from '../gateway/index.ts';
import { defaultRegistry } from '../interpreters/index.ts';
import { abortWith } from '../on-abort.ts';
import type { Registry } from '../registry/index.ts';
import { expandSpecs, Spec, type SpecLike } from '../spec/index.ts';
import { asyncDisposable, shownAsText } from '../well-known.ts';
import { nothingToTakeDown, takeDownAtExit } from './exit-hook.ts';
import { MultiChannel } from './multi-channel.ts';

/** Options of {@link Group}. */
export interface GroupOptions {
  /** The plugins that its specs select from. Default: the registry that `…/register` entry points add to. */
  registry?: Registry;
  /** Takes its gateways down when the program ends by itself. Default: true; frameworks that end groups themselves say false. */
  exitHook?: boolean;
  /** What `makeGateway()` without a spec makes. Default: `popen`. */
  defaultSpec?: SpecLike;
}

/** Options of `makeGateways`. */
export interface MakeGatewaysOptions extends WaitOptions {
  /** How many are started at a time. Default: 16, which keeps a machine busy without making each of them slow. */
  concurrency?: number;
}

const DEFAULT_CONCURRENCY = 16;

/** A set of gateways with one lifetime. */
export class Group implements AsyncDisposable, Iterable<Gateway> {
  /** What `makeGateway()` without a spec makes. */
  defaultSpec: SpecLike;
  readonly #registry: Registry;
  readonly #exitHook: boolean;
  readonly #gateways = new Map<string, Gateway>();
  /** Where each stands among the others: in the order in which they were asked for, whichever is there first. */
  readonly #places = new WeakMap<Gateway, number>();
  #asked = 0;
  /** Ids of gateways that are being made. */
  readonly #reserved = new Map<string, Promise<Gateway> | undefined>();
  /** What is being made: how to stop it, and when it has stopped or is made. */
  readonly #making = new Map<AbortController, Promise<Gateway>>();
  #execmodel: string | undefined;
  #counter = 0;

  constructor(options: GroupOptions = {}) {
    this.#registry = options.registry ?? defaultRegistry;
    this.#exitHook = options.exitHook ?? true;
    this.defaultSpec = options.defaultSpec ?? 'popen';
  }

  /** Number of gateways that have not ended. */
  get size(): number {
    return this.#gateways.size;
  }

  /** The gateway with this id, or at this index; they are in the order in which they were asked for. */
  get(key: string | number): Gateway | undefined {
    return typeof key === 'string' ? this.#gateways.get(key) : this.#inOrder[key];
  }

  /** Whether the gateway, or one with this id, is here. */
  has(gateway: Gateway | string): boolean {
    return typeof gateway === 'string'
      ? this.#gateways.has(gateway)
      : this.#gateways.get(gateway.id) === gateway;
  }

  [Symbol.iterator](): IterableIterator<Gateway> {
    return this.#inOrder.values();
  }

  /** The id for a gateway of this spec: the one it names, else `gw0`, `gw1`, … Reserved until the gateway is made. Throws if it is taken. */
  allocateId(spec?: SpecLike): string {
    const named = spec === undefined ? undefined : Spec.from(spec).core.id;
    if (named !== undefined) {
      if (this.#taken(named))
        throw new SpecError(
          'ERR_EXECNET_DUPLICATE_ID',
          `there is a gateway with the id "${named}" in this group already`,
        );
      this.#reserved.set(named, undefined);
      return named;
    }
    while (this.#taken(`gw${this.#counter}`)) this.#counter++;
    const id = `gw${this.#counter++}`;
    this.#reserved.set(id, undefined);
    return id;
  }

  /**
   * The execution model of gateways whose spec names none. Given alone, `local` names the remote model, as with execnet; otherwise it says
   * nothing, because this program is asynchronous and has no other model. `ERR_EXECNET_EXECMODEL_FIXED` once a gateway exists or is being made.
   */
  setExecmodel(local: string, remote: string = local): void {
    if (this.size > 0 || this.#reserved.size > 0) {
      throw new ExecnetError(
        'ERR_EXECNET_EXECMODEL_FIXED',
        'the execution model is set before the first gateway is made',
      );
    }
    this.#execmodel = remote;
  }

  /**
   * Starts an interpreter and resolves with its gateway. Rejects with a `SpecError`, with a `ConnectError` whose code says what went wrong,
   * or with the reason of `signal`; nothing is left behind then. The default timeout is 30,000 ms.
   */
  async makeGateway(spec: SpecLike = this.defaultSpec, options: WaitOptions = {}): Promise<Gateway> {
    let wanted = Spec.from(spec);
    if (this.#execmodel !== undefined && !wanted.has('execmodel'))
      wanted = wanted.with({ execmodel: this.#execmodel });
    const id = this.allocateId(wanted);
    const place = this.#asked++;
    const stop = new AbortController();
    const release = abortWith(stop, options.signal);
    const making = this.#open(wanted, id, { ...options, signal: stop.signal });
    this.#making.set(stop, making);
    this.#reserved.set(id, making);
    try {
      const gateway = await making;
      this.#places.set(gateway, place);
      this.#gateways.set(id, gateway);
      if (this.#exitHook) takeDownAtExit(this);
      gateway.whenEnded(() => {
        this.#gateways.delete(id);
        if (this.size === 0) nothingToTakeDown(this);
      });
      return gateway;
    } catch (error) {
      throw atCaller(error, this.makeGateway);
    } finally {
      release();
      this.#making.delete(stop);
      this.#reserved.delete(id);
    }
  }

  /**
   * Makes a gateway for each spec, several at a time, and resolves with them in order; `'4*popen'` makes four. If one fails, those that were
   * made or are being made are taken down, and it rejects with the first failure.
   */
  async makeGateways(
    specs: SpecLike | Iterable<SpecLike>,
    { concurrency = DEFAULT_CONCURRENCY, ...wait }: MakeGatewaysOptions = {},
  ): Promise<Gateway[]> {
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new TypeError(`concurrency must be a positive integer, not ${concurrency}`);
    const wanted = expandSpecs(specs);
    const made: (Gateway | undefined)[] = [];
    const failures: unknown[] = [];
    const failed = new AbortController();
    const { signal } = failed;
    const release = abortWith(failed, wait.signal);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < wanted.length && failures.length === 0) {
        const index = next++;
        try {
          made[index] = await this.makeGateway(wanted[index], { ...wait, signal });
        } catch (error) {
          failures.push(error);
          // those that are being made are not wanted any more
          failed.abort(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, wanted.length) }, work));
    release();
    if (failures.length === 0) return made as Gateway[];
    await Promise.allSettled(made.map(async (gateway) => await gateway?.terminate()));
    throw failures[0];
  }

  /** `remoteExec` on every gateway; the channels in the order of the gateways. */
  remoteExec<Receive = unknown, Send = unknown>(
    source: string | URL,
    args?: unknown,
    options?: ExecOptions,
  ): MultiChannel<Wire<Receive>, Sent<Send>>;
  remoteExec<Receive = unknown, Send = unknown, Args = undefined>(
    source: RemoteFunction<Send, Receive, Args>,
    ...rest: ArgsAndOptions<NoInfer<Args>, ExecOptions>
  ): MultiChannel<Wire<Receive>, Sent<Send>>;
  remoteExec<Receive = unknown, Send = unknown, Args = undefined>(
    source: RemoteFunction<Send, Receive, Args>,
    ...rest: ArgsAndOptions<Args, ExecOptions>
  ): MultiChannel<Wire<Receive>, Sent<Send>>;
  remoteExec(source: never, args?: never, options?: ExecOptions): MultiChannel {
    return new MultiChannel([...this].map((gateway) => gateway.remoteExec(source, args, options)));
  }

  /**
   * Terminates all gateways in parallel, see `Gateway.terminate`; resolves when nothing is left of any. Those that are being made are given up:
   * their promises reject with `ERR_EXECNET_TERMINATED`. Rejects with a `TerminateError` that names all that is left. The group can be used
   * again.
   */
  async terminate(options: TerminateOptions = {}): Promise<void> {
    const given = new ExecnetError(
      'ERR_EXECNET_TERMINATED',
      'the group was terminated while the gateway was being made',
    );
    for (const stop of this.#making.keys()) stop.abort(given);
    const making = [...this.#making.values()].map((made) =>
      made.then(
        // too late to be given up
        (gateway) => gateway.terminate(options),
        () => {},
      ),
    );
    const ends = await Promise.allSettled([
      ...[...this].map((gateway) => gateway.terminate(options)),
      ...making,
    ]);
    const failures = ends.filter((end) => end.status === 'rejected').map((end) => end.reason as Error);
    if (failures.length === 0) return;
    const remains = failures.flatMap((failure) => (failure instanceof TerminateError ? failure.remains : []));
    throw new TerminateError(failures.map((failure) => failure.message).join('; '), remains, {
      cause: failures[0],
    });
  }

  /** Terminates with the default timeout. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }

  toString(): string {
    return `<Group [${this.#inOrder.map(({ id }) => `'${id}'`).join(', ')}]>`;
  }

  static {
    shownAsText(Group.prototype);
    asyncDisposable(Group.prototype);
  }

  async #open(spec: Spec, id: string, options: WaitOptions): Promise<Gateway> {
    const via = await this.#via(spec);
    return await openGateway(spec, id, { ...options, via, registry: this.#registry });
  }

  /** The gateway that `via=` names; one that is being made is waited for. */
  async #via(spec: Spec): Promise<Gateway | undefined> {
    const id = spec.core.via;
    if (id === undefined) return undefined;
    const gateway = this.#gateways.get(id) ?? (await this.#reserved.get(id));
    if (gateway) return gateway;
    const known = [...this.#gateways.keys()].join(', ') || 'none';
    throw new SpecError(
      'ERR_EXECNET_SPEC',
      `${JSON.stringify(spec.redacted())}: via= names no gateway of this group; there are: ${known}. Make it first, with id=${id}`,
    );
  }

  get #inOrder(): Gateway[] {
    const placeOf = (gateway: Gateway): number => this.#places.get(gateway) as number;
    return [...this.#gateways.values()].sort((a, b) => placeOf(a) - placeOf(b));
  }

  #taken(id: string): boolean {
    return this.#gateways.has(id) || this.#reserved.has(id);
  }
}
