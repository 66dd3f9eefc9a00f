import { clearTimeout, setTimeout } from '../clock.ts';
import { type ConnectError, TerminateError } from '../errors/index.ts';
import type { Command, Connection, ConnectionSink, Exit } from '../registry/contracts.ts';
import { Delivery } from './delivery.ts';
import { killScript, SHELL_LINE, type ShellCommand, shellFailure } from './shell-command.ts';

/** More than that before the shell's answer is no greeting: the handshake gets it, and says what it thinks of it. */
const MAX_WAIT = 1024 * 1024;

/**
 * How long the kill of what was started may take, in milliseconds: the script bounds itself at two seconds, a busy server needs some more to run
 * it, and over a network that is dead nothing ever answers.
 */
const KILL_PATIENCE = 8000;

/** How long the shell's answer is waited for when the connection is given up before it has come, in milliseconds: what is started must be known to be ended. */
const ANSWER_PATIENCE = 2000;

/** How a transport that starts commands behind a shell is reached besides the connection. */
export interface ShellAccess {
  /** What was asked to be started. */
  readonly command: Command;
  /** Where, for people and for what can't be killed: `wyvern`. */
  readonly host: string;
  /**
   * Asks the server to kill the process behind the connection; sent before it returns. For servers that know how; whether it helps is looked at
   * afterwards.
   */
  signal?(): void;
  /** Runs a line of shell there, beside the connection, with this input, and resolves with what it prints. Rejects if that can't be done. */
  run(line: string, input: Uint8Array, signal: AbortSignal): Promise<string>;
  /** What the end of the connection says of the program, for who carries it by a program of his own; `answered`: the shell did. */
  explain?(exit: Exit, answered: boolean): Exit;
  /** Where the other end is, for people; without it what the inner connection says. */
  readonly remoteAddress?: string;
  /** Nothing more will be run. Called once. */
  done?(): void;
}

/**
 * A connection to a program that a shell far away starts, from the connection to that shell and its {@link ShellCommand}: the script is sent, the
 * answer of the shell is taken out of what arrives, and `abort` kills the process group of the program by a second way, and looks.
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
  #pid: number | undefined;
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
      output: (stream, chunk) => this.#delivery.output(stream, chunk),
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
    this.#access.signal?.();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ANSWER_PATIENCE);
    });
    await Promise.race([this.#answer, this.#inner.closed, patience]);
    clearTimeout(timer);
    try {
      await this.#sweep();
    } finally {
      await this.#inner.abort(reason);
    }
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
      if (word === 'ok') this.#pid = Number(told);
      else this.#failure = shellFailure(word, told, this.#access.command);
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
    // what an interpreter leaves behind goes with it; over a connection that is lost it goes by itself
    const ended = exit.code !== undefined || exit.signal !== undefined;
    const swept = ended || this.#swept ? this.#sweep() : Promise.resolve();
    void swept.catch(() => {}).then(() => this.#access.done?.());
    const error = this.#failure ?? this.#abortReason;
    return error ? { ...exit, error } : exit;
  }

  /** Kills the process group, once, and sees to it that it is gone. */
  #sweep(): Promise<void> {
    this.#swept ??= this.#kill();
    return this.#swept;
  }

  async #kill(): Promise<void> {
    const pid = this.#pid;
    if (pid === undefined) return;
    const { host } = this.#access;
    let left: string[];
    try {
      const script = Buffer.from(`${killScript(pid)}\n`);
      const told = await this.#access.run(SHELL_LINE, script, AbortSignal.timeout(KILL_PATIENCE));
      left = told.split(/\s+/).filter((word) => /^\d+$/.test(word));
    } catch (error) {
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
