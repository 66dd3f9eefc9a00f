/**
 * The relay: the service that makes a gateway a host for others. It runs in a thread of its own at the remote end, and does there what the local
 * host does here; `gateway/gateway-host.ts` is its other side.
 */
import type { ByteChannel, Channel } from '../channel/index.ts';
import { ExecnetError, TerminateError } from '../errors/index.ts';
import { localHost } from '../host/local-host.ts';
import { SpawnedConnection } from '../host/spawned-connection.ts';
import type { Connection, OutputStream } from '../registry/contracts.ts';
import type { RelayTools } from '../remote/service.ts';
import { within } from '../within.ts';
import { Guard } from './guard.ts';
import type { RelayEvent, RelayOrder, RelayRequest } from './messages.ts';
import { relayFailure } from './messages.ts';

/**
 * How long what was started here may take to end by itself once its input has ended, in milliseconds: a remote end of ours lets its code clean up
 * for one second.
 */
const GRACE = 1100;

/** Bytes that wait for what was started before the local end gets no more credit for it: to stop at each chunk halves the throughput. */
const MAX_QUEUED = 1024 * 1024;

/** Serves until the gateway ends, and then until nothing that was started is left. */
export async function serve(
  channel: Channel<RelayRequest>,
  _args: unknown,
  tools: RelayTools,
): Promise<void> {
  const open = new Set<RelayedConnection>();
  const guard = new Guard();
  const stopped = new Promise<void>((resolve) => {
    channel.signal.addEventListener('abort', () => resolve(), { once: true });
    channel.setCallback(
      (request: RelayRequest | null) => {
        if (request === null) return resolve();
        const relayed = new RelayedConnection(request, tools, { stopping: channel.signal, guard });
        open.add(relayed);
        void relayed.over.then(() => open.delete(relayed));
      },
      { endMarker: null },
    );
  });
  await stopped;
  const all = [...open];
  for (const relayed of all) relayed.end();
  await within(Promise.all(all.map(({ over }) => over)), GRACE);
  await Promise.allSettled([...open].map((relayed) => relayed.abort()));
  guard.end();
}

/** One connection, from the request on. */
class RelayedConnection {
  /** Resolves when nothing is left of it. */
  readonly over: Promise<void>;
  readonly #request: RelayRequest;
  readonly #tools: RelayTools;
  readonly #guard: Guard;
  readonly #printed: Readonly<Record<OutputStream, ByteChannel | undefined>>;
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #swept: Promise<void> | undefined;
  /** Chunks that wait for credit. */
  #waiting = 0;
  #cutOff = false;

  constructor(
    request: RelayRequest,
    tools: RelayTools,
    { stopping, guard }: { stopping: AbortSignal; guard: Guard },
  ) {
    this.#request = request;
    this.#guard = guard;
    this.#tools = tools;
    const { data, events, stdout, stderr } = request.streams;
    this.#printed = { stdout: stdout && tools.bytes(stdout), stderr: stderr && tools.bytes(stderr) };
    events.setCallback(
      (order: unknown) => {
        const dropped = order === null && !stopping.aborted;
        if (dropped || (order as RelayOrder | null) === 'abort') void this.#sweep();
        else if (order !== null && this.#connection instanceof SpawnedConnection)
          this.#connection.signal(order as NodeJS.Signals);
      },
      { endMarker: null },
    );
    this.over = this.#serve().finally(() => {
      for (const channel of [data, stdout, stderr, events]) channel?.close();
    });
  }

  /** The gateway ends. A remote end of ours takes that for its own end; of a port it must not look as if all had come. */
  end(): void {
    this.#cutOff = this.#request.what === 'dial';
    if (this.#cutOff) void this.abort().catch(() => {});
    else this.#connection?.end();
  }

  async abort(): Promise<void> {
    this.#stop.abort();
    await this.#connection?.abort();
  }

  async #serve(): Promise<void> {
    let connection: Connection;
    try {
      connection = await this.#open();
    } catch (error) {
      this.#tell({ what: 'failed', failure: relayFailure(error as Error) });
      return;
    }
    this.#connection = connection;
    const request = this.#request;
    const group =
      request.what === 'spawn' && request.guarded && connection instanceof SpawnedConnection
        ? connection.pid
        : undefined;
    const guarded = group === undefined ? undefined : this.#guard.watch(group);
    // before anything else: a process may have ended, and Bun loses what nobody reads then
    this.#forward(connection);
    if (guarded) await guarded;
    this.#tell({ what: 'connected', address: connection.remoteAddress });
    const { error, ...exit } = await connection.closed;
    if (group !== undefined) this.#guard.forget(group);
    this.#printed.stdout?.end();
    this.#printed.stderr?.end();
    this.#tell({ what: 'closed', exit, failure: error && relayFailure(error) });
    await this.#sweep();
  }

  #open(): Promise<Connection> {
    const request = this.#request;
    const { signal } = this.#stop;
    if (request.what === 'dial') {
      const { address, timeout, family } = request;
      return localHost.dial(address, {
        signal,
        ...(timeout === undefined ? {} : { timeout }),
        ...(family === undefined ? {} : { family }),
      });
    }
    return localHost.spawn(request.command, { signal, stdio: request.stdio ?? 'pipe' });
  }

  #forward(connection: Connection): void {
    const bytes = this.#tools.bytes(this.#request.streams.data);
    bytes.receive({
      // who does not read gives no credit
      bytes: (chunk, owned) => {
        connection.write(owned ? chunk : chunk.slice());
        return connection.queued > MAX_QUEUED ? connection.drained() : undefined;
      },
      end: (clean) => {
        if (clean) connection.end();
      },
    });
    connection.start({
      data: (chunk) => {
        const sent = bytes.send(chunk);
        if (sent) this.#pauseFor(connection, sent);
      },
      output: (stream, chunk) => this.#printed[stream]?.send(chunk),
      end: (reason) => {
        if (!this.#cutOff) bytes.end();
        const why = this.#cutOff ? new ExecnetError('ERR_EXECNET_TERMINATED', 'the gateway ended') : reason;
        this.#tell({ what: 'end', failure: why && relayFailure(why) });
      },
    });
  }

  /** Reads no more until what was sent has left: so little of it is kept here. */
  #pauseFor(connection: Connection, sent: Promise<void>): void {
    if (this.#waiting++ === 0) connection.pause();
    void sent.then(() => {
      if (--this.#waiting === 0) connection.resume();
    });
  }

  /** Sees to it that nothing is left, and says so. */
  #sweep(): Promise<void> {
    this.#swept ??= this.#kill();
    return this.#swept;
  }

  async #kill(): Promise<void> {
    let remains: readonly string[] = [];
    try {
      await this.abort();
    } catch (error) {
      remains = error instanceof TerminateError ? error.remains : [(error as Error).message];
    }
    this.#tell({ what: 'aborted', remains });
  }

  #tell(event: RelayEvent): void {
    this.#request.streams.events.send(event).catch(() => {});
    this.#tools.flush();
  }
}
