import { randomBytes } from 'node:crypto';
import { clearTimeout, setTimeout } from '../clock.ts';
import { onAbort } from '../on-abort.ts';
import type { Connection } from '../registry/contracts.ts';
import { within } from '../within.ts';
import { killScript, SHELL_LINE } from './shell-command.ts';

/**
 * The time that a kill may take, in milliseconds, besides the login: the script bounds itself at two seconds, a busy server needs some more to run it, and over
 * a network that is dead nothing ever answers.
 */
const PATIENCE = 8000;

/** The next login may take so many times as long as the slowest so far. */
const LOGIN_FACTOR = 3;

/** A login that took longer waited for a person; in milliseconds. */
const SLOWEST = 30_000;

/** The time that a shell may take to end when its input has, in milliseconds. */
const END_PATIENCE = 500;

/** Lines of the answer are a few numbers; what a login shell prints before them is dropped. */
const MAX_LINE = 65536;

/** Starts a command line there, for a shell, beside the connections that are open. */
export type OpenShell = (line: string, signal: AbortSignal) => Promise<Connection>;

/** A group that is to be killed. */
interface Wanted {
  readonly group: number;
  done(left: number[]): void;
  failed(error: Error): void;
}

/**
 * Kills process groups of one host through a shell there. All that are asked for while such a shell is open, or is being opened, are killed through that
 * one: a login may take seconds.
 */
export class GroupKiller {
  readonly #open: OpenShell;
  readonly #wanted = new Set<Wanted>();
  #slowest = 0;
  #shell: Shell | undefined;

  /** `open` rejects if no shell can be had. */
  constructor(open: OpenShell) {
    this.#open = open;
  }

  /** Takes note of how long a login took there, in milliseconds: who waits for another one is as patient. */
  loginTook(duration: number): void {
    this.#slowest = Math.min(SLOWEST, Math.max(this.#slowest, duration));
  }

  /**
   * Kills the group and resolves with the ids of those of its processes that can't be killed: none, when nothing is left. Rejects if nobody can tell, and
   * with the reason of `signal`.
   */
  async kill(group: number, signal: AbortSignal): Promise<readonly number[]> {
    signal.throwIfAborted();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wanted: Wanted | undefined;
    let heedNoMore: (() => void) | undefined;
    try {
      return await new Promise<number[]>((resolve, reject) => {
        heedNoMore = onAbort(signal, () => reject(signal.reason));
        const patience = Math.round(PATIENCE + LOGIN_FACTOR * this.#slowest);
        timer = setTimeout(
          () => reject(new Error(`no shell there has answered within ${patience} ms`)),
          patience,
        );
        wanted = { group, done: resolve, failed: reject };
        this.#wanted.add(wanted);
        this.#shell ??= this.#start();
        this.#shell.kill([group]);
      });
    } finally {
      clearTimeout(timer);
      heedNoMore?.();
      if (wanted) this.#wanted.delete(wanted);
      // with nothing left to do the shell goes: it is to be no remnant itself
      if (this.#wanted.size === 0) {
        const shell = this.#shell;
        this.#shell = undefined;
        await shell?.close();
      }
    }
  }

  #start(): Shell {
    const shell = new Shell(this.#open, {
      // by now some have ended by themselves: their numbers may be those of others
      ready: () => shell.kill([...this.#wanted].map(({ group }) => group)),
      killed: (group, left) => {
        for (const wanted of this.#wanted) if (wanted.group === group) wanted.done(left);
      },
      ended: (error) => {
        if (this.#shell !== shell) return;
        this.#shell = undefined;
        for (const wanted of this.#wanted) wanted.failed(error);
      },
    });
    return shell;
  }
}

interface ShellEvents {
  /** It kills from now on. */
  ready(): void;
  killed(group: number, left: number[]): void;
  /** Nothing more will be killed. */
  ended(error: Error): void;
}

/** A shell that runs the kill script. */
class Shell {
  readonly #mark = `execnet-kill:${randomBytes(12).toString('hex')}:`;
  readonly #events: ShellEvents;
  readonly #over = new AbortController();
  #ready = false;
  #connection: Connection | undefined;
  #text = '';

  constructor(open: OpenShell, events: ShellEvents) {
    this.#events = events;
    open(SHELL_LINE, this.#over.signal).then(
      (connection) => this.#opened(connection),
      (error: Error) => events.ended(error),
    );
  }

  /** Before it is ready it does nothing. */
  kill(groups: readonly number[]): void {
    if (this.#ready) this.#connection?.write(Buffer.from(`${groups.join(' ')}\n`));
  }

  /** Has it end; resolves when it has, or will not soon. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#over.abort(new Error('nothing is to be killed any more'));
    if (!connection) return;
    connection.end();
    await within(connection.closed, END_PATIENCE);
    await connection.abort().catch(() => {});
  }

  #opened(connection: Connection): void {
    this.#connection = connection;
    connection.start({
      data: (chunk) => this.#heard(Buffer.from(chunk).toString('latin1')),
      output: () => {},
      end: () => {},
    });
    void connection.closed.then(({ error, code, stderr }) => {
      const how = code === undefined ? 'was lost' : `ended with code ${code}`;
      this.#events.ended(error ?? new Error(stderr.trim() || `the shell that was to kill it ${how}`));
    });
    connection.write(Buffer.from(`${killScript(this.#mark)}\n`));
    if (this.#over.signal.aborted) void this.close();
  }

  #heard(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = (lines.pop() ?? '').slice(-MAX_LINE);
    for (const line of lines) {
      const from = line.indexOf(this.#mark);
      if (from < 0) continue;
      const [group, ...left] = (line.slice(from + this.#mark.length).match(/\d+/g) ?? []).map(Number);
      if (group !== undefined) this.#events.killed(group, left);
      else {
        this.#ready = true;
        this.#events.ready();
      }
    }
  }
}
