import { Channel, type ChannelState } from '../channel/index.ts';
import { SpecError } from '../errors/index.ts';
import type { Link } from '../link/index.ts';
import type { Hello } from '../protocol/index.ts';
import type {
  Address,
  Command,
  Connection,
  DialOptions,
  Host,
  Interpreter,
  SpawnOptions,
} from '../registry/contracts.ts';
import type { RelayRequest, RelayStreams } from '../relay/messages.ts';
import { type HostNames, RelayedConnection } from './relayed-connection.ts';
import { requestService } from './service.ts';

/** What a gateway brings to be a host for others. */
export interface GatewayHostParts {
  readonly id: string;
  readonly fullName: string;
  readonly link: Link;
  readonly interpreter: Interpreter;
  readonly hello: Hello;
}

/** The service that acts on the machine. */
interface Relay {
  readonly channel: Channel;
  /** What it has been asked to open and has not answered yet. */
  readonly opening: Set<RelayedConnection>;
}

/** A request without the channels that it gets. */
type Wanted<T = RelayRequest> = T extends RelayRequest ? Omit<T, 'streams'> : never;

/**
 * The machine of a gateway as a place where transports act. What they do there is done by the relay, a service of the remote end in a thread of its
 * own, which is started when it is first needed.
 */
export class GatewayHost implements Host, HostNames {
  readonly name: string;
  readonly fullName: string;
  readonly interpreter: Host['interpreter'];
  readonly #link: Link;
  readonly #plugin: Interpreter;
  #relay: Promise<Relay> | undefined;

  constructor({ id, fullName, link, interpreter, hello }: GatewayHostParts) {
    this.name = id;
    this.fullName = fullName;
    this.interpreter = { field: interpreter.field, path: hello.executable };
    this.#link = link;
    this.#plugin = interpreter;
  }

  spawn(command: Command, { stdio, ...options }: SpawnOptions = {}): Promise<Connection> {
    return this.#open({ what: 'spawn', command, stdio }, options);
  }

  /** A program of the user's, which does not notice by itself that the remote end is gone. */
  start(command: Command, options: SpawnOptions): Promise<RelayedConnection> {
    return this.#open({ what: 'spawn', command, stdio: 'pipe', guarded: true }, options);
  }

  dial(address: Address, { timeout, family, ...options }: DialOptions = {}): Promise<Connection> {
    return this.#open({ what: 'dial', address, timeout, family }, options);
  }

  async #open(wanted: Wanted, { signal, trace }: SpawnOptions): Promise<RelayedConnection> {
    signal?.throwIfAborted();
    trace?.(wanted.what, 'through', this.name);
    const relay = await this.#startRelay();
    signal?.throwIfAborted();
    const link = this.#link;
    const prints = wanted.what === 'spawn' && (wanted.stdio ?? 'pipe') === 'pipe';
    const streams: RelayStreams = {
      data: this.#newChannel(),
      events: this.#newChannel(),
      ...(prints && { stdout: this.#newChannel(), stderr: this.#newChannel() }),
    };
    const connection = new RelayedConnection(link, this, streams);
    relay.channel.send({ ...wanted, streams }).catch(() => {});
    link.flush();
    relay.opening.add(connection);
    try {
      await connection.opened(signal);
    } finally {
      relay.opening.delete(connection);
    }
    return connection;
  }

  async #startRelay(): Promise<Relay> {
    this.#link.check();
    // one that has failed is replaced: what it served has failed with it
    const running = await this.#relay;
    if (running && !running.channel.isClosed) return running;
    if (running || !this.#relay) this.#relay = this.#newRelay();
    return await this.#relay;
  }

  async #newRelay(): Promise<Relay> {
    const text = await this.#plugin.host?.();
    this.#link.check();
    if (text === undefined)
      throw new SpecError(
        'ERR_EXECNET_UNSUPPORTED',
        `${this.fullName} runs on ${this.#plugin.field}, which can't start others: via=${this.name} is not possible`,
      );
    const channel = requestService(this.#link, { kind: 'service', text, args: undefined });
    const relay: Relay = { channel, opening: new Set() };
    // it may fail before it has heard of any of them
    const state = Channel.stateOf(channel) as ChannelState;
    state.setCallback({
      item: () => {},
      end: () => {
        for (const connection of relay.opening) connection.relayEnded(state.receiveEnd?.error);
      },
      held: false,
    });
    return relay;
  }

  #newChannel(): Channel {
    const channel = this.#link.channels.create();
    // what the user wants of strings is no matter of the relay
    (Channel.stateOf(channel) as ChannelState).strings = undefined;
    return channel;
  }
}
