import { performance } from '../clock.ts';
import { type ConnectError, TerminateError } from '../errors/index.ts';
import type { Command, Connection, ConnectionSink, Exit } from '../registry/contracts.ts';
import { within } from '../within.ts';
import { Delivery } from './delivery.ts';
import type { GroupKiller } from './group-killer.ts';
import { KILLED_STATUS, type ShellCommand, type ShellSuccess, shellFailure } from './shell-command.ts';

/** More than that before the shell's answer is no greeting: the handshake gets it, and says what it thinks of it. */
const MAX_WAIT = 1024 * 1024;

/** How long the shell's answer is waited for when the connection is given up before it has come, in milliseconds: what is started must be known to be ended. */
const ANSWER_PATIENCE = 2000;

/** A shell adds this to the number of the signal that ended a program, for the status. */
const BY_SIGNAL = 128;

/** Signals that have the same number everywhere (POSIX, kill(1)), and those that have it in practice. */
const SIGNALS: Readonly<Record<number, NodeJS.Signals>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  8: 'SIGFPE',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/** A shell that was killed itself, where something waits for it: it had no time to say more. */
const KILLED_SHELL = 137;

/** From here on a status tells nothing of the program: with 255 `ssh` says that the fault is its own, the script that something is left. */
const NO_STATUS = 255;

/** The time that the shell may take to end after the program, in milliseconds: it is to be gone, too. */
const STATUS_PATIENCE = 500;

/** How a transport that starts commands behind a shell is reached besides the connection. */
export interface ShellAccess {
  /** What was asked to be started. */
  readonly command: Command;
  /** Where, for people and for what can't be killed: `wyvern`. */
  readonly host: string;
  /** Asks the server to kill the shell behind the connection; sent before it returns. For servers that know how, while no shell waits for a program. */
  signal?(): void;
  /** Kills what was started by a second way. Connections to the same place share it. */
  readonly killer: GroupKiller;
  /** What the end of the connection says of the program, for who carries it by a program of his own; `answered`: the shell did. */
  explain?(exit: Exit, answered: boolean): Exit;
  /** Where the other end is, for people; without it what the inner connection says. */
  readonly remoteAddress?: string;
  /** Nothing more will be run. Called once. */
  done?(): void;
}

/**
 * A connection to a program that a shell far away starts, from the connection to that shell and its {@link ShellCommand}: the script is sent, the
 * answer of the shell is taken out of what arrives. When the program has ended, the status of the shell says that nothing of its process group is
 * left; `abort`, and an end without a status, kill it by a second way, and look.
 *
 * What the shell could not do ends the connection with a `ConnectError` that says so.
 */
export function throughShell(inner: Connection, shell: ShellCommand, access: ShellAccess): Connection {
  return new ShellConnection(inner, shell, access);
}

class ShellConnection implements Connection {
  readonly closed: Promise<Exit>;
  readonly remoteAddress: string;
  readonly #inner: Connection;
  readonly #access: ShellAccess;
  readonly #mark: Buffer;
  readonly #delivery = new Delivery();
  /** Resolves when the shell has answered, or never will. */
  readonly #answer: Promise<void>;
  #heard!: () => void;
  /** What has arrived of an answer that is not there yet; undefined afterwards. */
  #pending: Buffer | undefined = Buffer.alloc(0);
  readonly #began = performance.now();
  #pid: number | undefined;
  /** The shell waits for the program, and its status says that nothing of it is left. */
  #watched = false;
  readonly #gone = new AbortController();
  #failure: ConnectError | undefined;
  #swept: Promise<void> | undefined;
  #abortReason: Error | undefined;
  #aborted: Promise<void> | undefined;

  constructor(inner: Connection, shell: ShellCommand, access: ShellAccess) {
    this.#inner = inner;
    this.#access = access;
    this.#mark = Buffer.from(shell.mark);
    this.remoteAddress = access.remoteAddress ?? inner.remoteAddress;
    this.#answer = new Promise((resolve) => {
      this.#heard = resolve;
    });
    inner.write(shell.input);
    this.closed = inner.closed.then((exit) => this.#exited(exit));
    inner.start({
      data: (chunk, owned) => this.#data(chunk, owned),
      // it waits for no reader: the way there is one for all that comes, and the protocol would wait with it
      output: (stream, chunk) => void this.#delivery.output(stream, chunk),
      end: (reason) => {
        this.#answered();
        this.#delivery.end(this.#failure ?? reason);
      },
    });
  }

  start(sink: ConnectionSink): void {
    this.#delivery.start(sink);
  }

  write(chunk: Uint8Array): boolean {
    // what is to be killed may still read until it is
    return this.#aborted ? true : this.#inner.write(chunk);
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }

  get queued(): number {
    return this.#inner.queued;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  ref(): void {
    this.#inner.ref();
  }

  unref(): void {
    this.#inner.unref();
  }

  end(): void {
    this.#inner.end();
  }

  abort(reason?: Error): Promise<void> {
    this.#abortReason ??= reason;
    this.#aborted ??= this.#abort(reason);
    return this.#aborted;
  }

  async #abort(reason: Error | undefined): Promise<void> {
    // what waits for the program would be killed instead of it
    if (!this.#watched) this.#access.signal?.();
    await this.#soon(this.#answer, ANSWER_PATIENCE);
    try {
      await this.#sweep();
      if (this.#pid !== undefined) await this.#soon(this.#inner.closed, STATUS_PATIENCE);
    } finally {
      await this.#inner.abort(reason);
    }
  }

  /** Waits for something, for the end of the connection, or for so many milliseconds. */
  async #soon(something: Promise<unknown>, patience: number): Promise<void> {
    await within(Promise.race([something, this.#inner.closed]), patience);
  }

  #data(chunk: Uint8Array, owned = false): void {
    if (this.#pending === undefined) {
      this.#pass(chunk, owned);
      return;
    }
    const pending = Buffer.concat([this.#pending, chunk]);
    this.#pending = pending;
    const from = pending.indexOf(this.#mark);
    const to = from < 0 ? -1 : pending.indexOf(this.#mark, from + this.#mark.length);
    if (to >= 0) this.#answered(from, to);
    else if (pending.length > MAX_WAIT) this.#answered();
  }

  /** The answer stands between two marks, or there will be none. A greeting of the login shell before it is passed on: it is shown if the handshake fails. */
  #answered(from?: number, to = 0): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    if (from === undefined) this.#pass(pending);
    else {
      const answer = pending.toString('utf8', from + this.#mark.length, to);
      const [word = ''] = answer.split(' ', 1);
      const told = answer.slice(word.length + 1);
      if (isSuccess(word)) {
        this.#pid = Number(told);
        this.#watched = word === 'stays';
        this.#access.killer.loginTook(performance.now() - this.#began);
      } else this.#failure = shellFailure(word, told, this.#access.command);
      this.#pass(pending.subarray(0, from));
      this.#pass(pending.subarray(to + this.#mark.length));
    }
    this.#heard();
  }

  #pass(chunk: Uint8Array, owned = false): void {
    if (chunk.length > 0) this.#delivery.data(chunk, owned);
  }

  #exited(told: Exit): Exit {
    const exit = this.#access.explain?.(told, this.#pid !== undefined) ?? told;
    const isProof =
      this.#watched && exit.code !== undefined && exit.code < NO_STATUS && exit.code !== KILLED_SHELL;
    if (isProof) this.#gone.abort();
    // what an interpreter leaves behind goes with it; over a connection that is lost it goes by itself
    const ended = exit.code !== undefined || exit.signal !== undefined;
    const swept = ended || this.#swept ? this.#sweep() : Promise.resolve();
    void swept.catch(() => {}).then(() => this.#access.done?.());
    const error = this.#failure ?? this.#abortReason;
    return { ...(isProof ? statusOf(exit) : exit), ...(error ? { error } : {}) };
  }

  /** Kills the process group, once, and sees to it that it is gone. */
  #sweep(): Promise<void> {
    this.#swept ??= this.#kill();
    return this.#swept;
  }

  async #kill(): Promise<void> {
    const pid = this.#pid;
    const gone = this.#gone.signal;
    if (pid === undefined || gone.aborted) return;
    const { host, killer } = this.#access;
    let left: readonly number[];
    try {
      left = await killer.kill(pid, gone);
    } catch (error) {
      if (gone.aborted) return;
      throw new TerminateError(
        `nobody can tell whether process ${pid} of ${host} is gone: ${(error as Error).message}. It ends by itself when it notices that its ` +
          'connection is lost',
        [`${host} pid ${pid}`],
        { cause: error },
      );
    }
    if (left.length === 0) return;
    const remains = left.map((one) => `${host} pid ${one}`);
    throw new TerminateError(`${remains.join(', ')} can't be killed`, remains);
  }
}

function isSuccess(word: string): word is ShellSuccess {
  return word === 'stays' || word === 'became';
}

/** The signal that a status of such a shell stands for; a program may have ended with that code itself. */
export function signalOfStatus(status: number): NodeJS.Signals | undefined {
  return status === KILLED_STATUS ? 'SIGKILL' : SIGNALS[status - BY_SIGNAL];
}

/** The end of a program, by the status of the shell that waited for it. Numbers of signals that differ between systems stay codes. */
function statusOf(exit: Exit): Exit {
  const { code = 0, ...rest } = exit;
  const signal = signalOfStatus(code);
  return signal === undefined ? exit : { ...rest, signal };
}
