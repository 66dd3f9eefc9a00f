import { type Host, orAborted, type Trace } from '@execnet/core/plugin';
import type { ClientChannel } from 'ssh2';
import type { Destination, ProxyRoute } from '../config/index.ts';
import type { SshOptions } from '../options.ts';
import { FullError, Line } from './line.ts';
import { commandWire, dialWire, refusedForward, type Wire } from './wire.ts';

/** What every connection of one transport has in common. */
export interface Surroundings {
  readonly host: Host;
  readonly options: SshOptions;
  readonly trace: Trace;
}

/** A session on a line that was retained for it: whoever is done with it lets the line go. */
export interface OpenedSession {
  readonly channel: ClientChannel;
  readonly line: Line;
}

/** The connections to one destination. */
interface Trunk {
  readonly lines: Set<Line>;
  /** One at a time: those who wait for it may find room on it. */
  connecting: Promise<Line | undefined> | undefined;
}

/** The ssh connections of one transport: each destination has one that all its sessions share, and more as the server asks for them. */
export class Lines {
  readonly #trunks = new WeakMap<Host, Map<string, Trunk>>();

  /** Opens a session for a command on a connection that has room, or on a new one. `preferred` is tried first. */
  async session(
    destination: Destination,
    surroundings: Surroundings,
    { command, signal, preferred }: { command: string; signal: AbortSignal; preferred?: Line },
  ): Promise<OpenedSession> {
    return await this.#onLine(
      destination,
      surroundings,
      { signal, preferred },
      {
        use: async (line) => ({ channel: await line.run(command), line }),
        undo: ({ channel }) => channel.close(),
      },
    );
  }

  /** Uses a line that `use` finds room on. It stays retained if that succeeds. */
  async #onLine<T>(
    destination: Destination,
    surroundings: Surroundings,
    { signal, preferred }: { signal: AbortSignal; preferred?: Line | undefined },
    { use, undo }: { use: (line: Line) => Promise<T>; undo: (made: T) => void },
  ): Promise<T> {
    const trunk = this.#trunk(destination, surroundings.host);
    for (;;) {
      signal.throwIfAborted();
      const usable = [...(preferred ? [preferred] : []), ...trunk.lines].filter((line) => line.usable);
      const line = usable[0] ?? (await this.#connect(trunk, destination, surroundings, signal));
      line.retain();
      // as long as somebody waits, and no longer: a server may never answer
      line.hold();
      const using = use(line);
      try {
        return await orAborted(using, signal).finally(() => line.release());
      } catch (error) {
        // what comes too late is not wanted any more
        if (signal.aborted) using.then(undo, () => {});
        // it has less room than was thought, or has ended meanwhile: another one, then
        const again = error instanceof FullError || !line.usable;
        line.letGo();
        if (signal.aborted || !again) throw error;
      }
    }
  }

  /** A new line, or the one that is being made. Who waits for one that another has given up makes its own; a failure is that of all who wait. */
  async #connect(
    trunk: Trunk,
    destination: Destination,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<Line> {
    while (trunk.connecting) {
      const line = await orAborted(trunk.connecting, signal);
      if (line?.usable) return line;
    }
    const opening = this.#open(destination, surroundings, signal);
    trunk.connecting = opening.catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    // the one who opens it hears of it below
    trunk.connecting.catch(() => {});
    try {
      const line = await opening;
      trunk.lines.add(line);
      void line.closed.then(() => trunk.lines.delete(line));
      return line;
    } finally {
      trunk.connecting = undefined;
    }
  }

  async #open(destination: Destination, surroundings: Surroundings, signal: AbortSignal): Promise<Line> {
    surroundings.trace(
      'ssh',
      `${destination.user}@${destination.host}:${destination.port}`,
      'of',
      surroundings.host.name,
    );
    const wire = await this.#wire(destination, surroundings, signal);
    try {
      const { host, options } = surroundings;
      const place = host.name === 'localhost' ? '' : ` via ${host.name}`;
      return await Line.login(wire, destination, { signal, options, place });
    } catch (error) {
      await wire.abort();
      throw error;
    }
  }

  async #wire(destination: Destination, surroundings: Surroundings, signal: AbortSignal): Promise<Wire> {
    const { proxy } = destination;
    if (proxy === undefined) return await dialWire(surroundings.host, destination, signal);
    if (proxy.kind === 'command') return await commandWire(surroundings.host, proxy.command, signal);
    return await this.#throughHop(lastHop(proxy), destination, { surroundings, signal });
  }

  /** A stream to the destination from the machine of a hop, whose own line is shared like any other. */
  async #throughHop(
    hop: Destination,
    destination: Destination,
    { surroundings, signal }: { surroundings: Surroundings; signal: AbortSignal },
  ): Promise<Wire> {
    const through = await this.#onLine(
      hop,
      surroundings,
      { signal },
      {
        use: async (line) => {
          try {
            return { stream: await line.forward(destination.host, destination.port), line };
          } catch (error) {
            throw refusedForward(destination, hop, error as Error);
          }
        },
        undo: ({ stream }) => stream.destroy(),
      },
    );
    const { stream, line } = through;
    stream.once('close', () => line.letGo());
    let held = true;
    line.hold();
    return {
      stream,
      ref: () => {
        if (!held) line.hold();
        held = true;
      },
      unref: () => {
        if (held) line.release();
        held = false;
      },
      whyEnded: async () => line.failure && `its jump host ${hop.original}: ${line.failure.message}`,
      abort: async () => void stream.destroy(),
    };
  }

  #trunk(destination: Destination, host: Host): Trunk {
    let ofHost = this.#trunks.get(host);
    if (!ofHost) {
      ofHost = new Map();
      this.#trunks.set(host, ofHost);
    }
    // everything that was resolved: who asks for other keys, or another way, gets another connection
    const key = JSON.stringify(destination);
    let trunk = ofHost.get(key);
    if (!trunk) {
      trunk = { lines: new Set(), connecting: undefined };
      ofHost.set(key, trunk);
    }
    return trunk;
  }
}

/** The hop next to the destination, with those before it as its own way. */
function lastHop({ hops }: Extract<ProxyRoute, { kind: 'jump' }>): Destination {
  const last = hops[hops.length - 1] as Destination;
  const before = hops.slice(0, -1);
  return before.length === 0 ? last : { ...last, proxy: { kind: 'jump', hops: before } };
}
