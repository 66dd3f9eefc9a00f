import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Debian's, because that is the one that `python3-execnet` is installed for. */
const PYTHON = '/usr/bin/python3';

const PROGRAM = fileURLToPath(new URL('execnet-baseline.py', import.meta.url));

/**
 * Python's execnet, doing the same work in a program of its own that is asked round by round. It sleeps while others are measured.
 */
export class Baseline implements AsyncDisposable {
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** Undefined if there is no such Python, or no execnet in it. */
  static async find(): Promise<Baseline | undefined> {
    // a session of its own, as for the remote ends and the bare children
    const child = spawn(PYTHON, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    try {
      await once(child, 'spawn');
    } catch {
      return undefined;
    }
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    const { version } = (first.done ? {} : JSON.parse(first.value)) as { version?: string };
    return version === undefined ? undefined : new Baseline(child, lines, version);
  }

  /** Measures one thing: milliseconds, a rate per second, bytes, or a process id, as the program says. */
  async ask(what: string, argument: unknown = null): Promise<number> {
    this.#child.stdin?.write(`${JSON.stringify([what, argument])}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`${PROGRAM} ended at ${what}`);
    return JSON.parse(line.value) as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}
