import type { Duplex } from 'node:stream';
import { ConnectError, clock, orAborted } from '@execnet/core/plugin';
import type { Client, ClientChannel } from 'ssh2';
import type { Destination } from '../config/index.ts';
import { loadSsh2, ssh2 } from '../library.ts';
import type { SshOptions } from '../options.ts';
import { Authentication } from './authentication.ts';
import { loginFailure, showDestination } from './failures.ts';
import { HostKeyCheck } from './host-key-check.ts';
import type { Wire } from './wire.ts';

const { clearTimeout, setTimeout } = clock;

/**
 * Dropbear (2022.83) closes a session that is being opened at the moment when another one ends. Its shell has had no input then, and has run
 * nothing, so that it can be asked again; each time it is as likely as before.
 */
const EXEC_ATTEMPTS = 10;

/** How long a server, or the command on the way to it, may take to close a connection that we have ended, in milliseconds. */
const FAREWELL = 1000;

/** Why a channel could not be opened (RFC 4254, 5.1); without a reason it was opened, and its command refused. */
type RefusedError = Error & { readonly reason?: number };

/** The server has no session left for this connection. */
export class FullError extends Error {}

/**
 * One ssh connection, logged in, which many sessions share. Whoever uses it retains it; when the last has let go, it is closed.
 */
export class Line {
  /** Where the server is, for people. */
  readonly address: string;
  /** Resolves when the connection is closed, whoever closed it. */
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #env: Readonly<Record<string, string>>;
  #users = 0;
  #holds = 0;
  /** Those that are open, and those that were asked for. */
  #sessions = 0;
  /** It had a session: its server opens some. */
  #served = false;
  #full = false;
  #ended = false;
  #failure: Error | undefined;

  private constructor(
    client: Client,
    wire: Wire,
    { destination, hostKey, place }: { destination: Destination; hostKey: HostKeyCheck; place: string },
  ) {
    this.#client = client;
    this.#wire = wire;
    this.#env = destination.env;
    this.address = `${destination.host}:${destination.port}${place}`;
    client.on('error', (error) => {
      const cause = hostKey.failure ?? error;
      this.#failure ??= new Error(`the ssh connection to ${this.address} failed: ${cause.message}`, {
        cause,
      });
    });
    // a server that says no more hears no more; ssh2 waits for the stream to close
    client.once('end', () => {
      this.#ended = true;
      wire.stream.destroy();
    });
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#failure ??= new Error(`the ssh connection to ${this.address} was closed by the other end`);
        this.#ended = true;
        resolve();
      });
    });
    this.#wire.unref();
  }

  /**
   * Logs in over `wire`. Rejects with a `ConnectError` that says why that is not possible, or with the reason of `signal`; who gave the
   * wire then takes it down.
   */
  static async login(
    wire: Wire,
    destination: Destination,
    { signal, options, place }: LoginContext,
  ): Promise<Line> {
    // ssh2 listens from `connect` on: what ends the stream before that would end the program, or be waited for without end
    let broken: Error | undefined;
    wire.stream.on('error', (error) => {
      broken ??= error;
    });
    await loadSsh2(options.ssh2);
    const client = new ssh2.Client();
    const hostKey = await HostKeyCheck.prepare(destination);
    const later = (answer: () => void): void => guard(client, answer);
    const authentication = new Authentication(destination, options, {
      changedKey: () => hostKey.doubtful,
      later,
    });
    let stage = 'accepted the connection and said nothing since: is it an ssh server?';
    try {
      signal.throwIfAborted();
      const ready = new Promise<void>((resolve, reject) => {
        const fail = (error: Error & { level?: string }): void => {
          // an agent that is not there leaves the other ways
          if (error.level !== 'agent') reject(error);
        };
        client.on('error', fail);
        const closed = (): void =>
          reject(Object.assign(broken ?? new Error('the server closed it'), { level: 'client-socket' }));
        if (wire.stream.destroyed) return closed();
        client.once('end', closed).once('close', closed);
        client.once('handshake', () => {
          stage = 'did not finish the login';
        });
        client.once('ready', resolve);
        // ConnectTimeout bounds what comes before the login, as with OpenSSH
        const { connectTimeout } = destination;
        if (connectTimeout !== undefined) {
          const timer = setTimeout(() => reject(silent(destination, connectTimeout)), connectTimeout);
          client.once('handshake', () => clearTimeout(timer));
          client.once('close', () => clearTimeout(timer));
        }
        client.connect({
          sock: wire.stream,
          username: destination.user,
          authHandler: authentication.handler,
          hostVerifier: (key: Buffer, answer: (accepted: boolean) => void) =>
            hostKey.verify(key, (accepted) => later(() => answer(accepted))),
          algorithms: {
            ...destination.algorithms,
            ...hostKey.algorithms,
            ...compression(destination),
          } as never,
          keepaliveInterval: destination.serverAlive.interval,
          keepaliveCountMax: destination.serverAlive.countMax,
          // the caller bounds the whole
          readyTimeout: 0,
        });
      });
      await orAborted(ready, signal);
      client.removeAllListeners('error');
      return new Line(client, wire, { destination, hostKey, place });
    } catch (error) {
      client.removeAllListeners('error').on('error', () => {});
      const { waitsFor } = authentication;
      const ended = await Promise.race([wire.whyEnded(), soon()]);
      client.destroy();
      if (signal.aborted) throw stuck(signal.reason, destination, stage, waitsFor);
      if (error instanceof ConnectError) throw error;
      throw (
        hostKey.failure ??
        authentication.failure ??
        loginFailure(error as Error, destination, { authentication, ended })
      );
    } finally {
      authentication.close();
    }
  }

  /** The server may have room for one more session. */
  get usable(): boolean {
    return !this.#ended && !this.#full;
  }

  /** Why the connection is gone. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  retain(): void {
    this.#users++;
  }

  /** The last one closes the connection. */
  letGo(): void {
    if (--this.#users > 0 || this.#ended) return;
    this.#ended = true;
    this.#client.end();
    const timer = setTimeout(() => this.#wire.stream.destroy(), FAREWELL);
    // what is left of the connection keeps no program alive
    timer.unref();
    void this.closed.then(() => clearTimeout(timer));
  }

  /** Keeps the program alive; counted. */
  hold(): void {
    if (this.#holds++ === 0) this.#wire.ref();
  }

  release(): void {
    if (--this.#holds === 0) this.#wire.unref();
  }

  /** Runs a command. Rejects with a `FullError` when the server gives this connection no more sessions. */
  async run(command: string): Promise<ClientChannel> {
    this.#sessions++;
    try {
      const channel = await this.#exec(command);
      this.#served = true;
      channel.once('close', () => {
        this.#sessions--;
        this.#full = false;
      });
      return channel;
    } catch (error) {
      this.#sessions--;
      if (this.#ended) throw this.#failure ?? error;
      throw this.#refused(error as RefusedError);
    }
  }

  async #exec(command: string): Promise<ClientChannel> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await new Promise<ClientChannel>((resolve, reject) => {
          this.#client.exec(command, { env: this.#env, allowHalfOpen: true } as never, (error, opened) => {
            if (error) reject(error);
            else resolve(opened);
          });
        });
      } catch (error) {
        if (this.#ended || attempt === EXEC_ATTEMPTS || (error as RefusedError).reason !== undefined)
          throw error;
      }
    }
  }

  #refused(error: RefusedError): Error {
    const cause = { cause: error };
    if (error.reason === undefined)
      return new ConnectError(
        'ERR_EXECNET_SPAWN',
        `the ssh server at ${this.address} does not run commands: ${error.message}; see its log`,
        cause,
      );
    if (!this.#served && this.#sessions === 0)
      return new ConnectError(
        'ERR_EXECNET_SPAWN',
        `the ssh server at ${this.address} opens no session: ${error.message} (MaxSessions=0?)`,
        cause,
      );
    this.#full = true;
    return new FullError(error.message, cause);
  }

  /** Opens a stream to an address, from the server. */
  async forward(host: string, port: number): Promise<Duplex> {
    return await new Promise((resolve, reject) => {
      this.#client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        if (error) reject(error);
        else resolve(stream);
      });
    });
  }
}

/** What logging in needs besides the wire and the destination. */
export interface LoginContext {
  readonly signal: AbortSignal;
  readonly options: SshOptions;
  /** Behind the address, for people: from where it was dialled, if not from here. */
  readonly place: string;
}

function compression({ compression: wanted }: Destination): object {
  // ssh2 drives the zlib of Node by what is not documented, and Deno has not
  if (wanted && process.versions['deno'])
    throw new ConnectError(
      'ERR_EXECNET_SSH_OPTION',
      "Compression yes can't be honoured on Deno; use ssh_client=openssh, or Compression=no",
    );
  return wanted ? { compress: ['zlib@openssh.com', 'zlib', 'none'] } : {};
}

/** A moment in which a command that has ended can say so. */
function soon(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 50, undefined));
}

/** Gives ssh2 an answer later than in its own call, where nobody catches what it throws then: that ends this connection, and nothing else. */
function guard(client: Client, answer: () => void): void {
  try {
    answer();
  } catch (error) {
    client.emit('error', error);
    client.destroy();
  }
}

function silent(destination: Destination, limit: number): ConnectError {
  return new ConnectError(
    'ERR_EXECNET_CONNECT_TIMEOUT',
    `${showDestination(destination)} accepted the connection and did not complete the ssh handshake within ${limit} ms (ConnectTimeout)`,
  );
}

/** A timeout of the caller, with what was waited for. */
function stuck(reason: Error, destination: Destination, stage: string, waitsFor: string | undefined): Error {
  if ((reason as { code?: string }).code !== 'ERR_EXECNET_CONNECT_TIMEOUT') return reason;
  const what = waitsFor ? `${waitsFor} does not answer` : `${showDestination(destination)} ${stage}`;
  return new ConnectError('ERR_EXECNET_CONNECT_TIMEOUT', `${reason.message}: ${what}`, { cause: reason });
}
