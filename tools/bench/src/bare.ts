import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * A session of its own, which remote ends have too: Linux shares out a busy machine by session (`sched_autogroup`), so that children in this one
 * would get less of it. They end when their input does.
 */
const LIKE_REMOTE_ENDS = { detached: true } as const;

/** Milliseconds from `spawn` to the first byte on the child's stdout. */
export async function firstByte(file: string, args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], ...LIKE_REMOTE_ENDS });
  await once(child.stdout, 'data');
  const elapsed = performance.now() - begin;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return elapsed;
}

/** Starts interpreters that write a byte and wait, `concurrency` at a time; milliseconds until all have written it. They are ended afterwards, uncounted. */
export async function bareInterpreters(node: string, count: number, concurrency: number): Promise<number> {
  const program = "require('fs').writeSync(1,'x');require('fs').readSync(0,Buffer.alloc(1))";
  const children: ChildProcess[] = [];
  let left = count;
  const begin = performance.now();
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const child = spawn(node, ['-e', program], { stdio: ['pipe', 'pipe', 'ignore'], ...LIKE_REMOTE_ENDS });
      children.push(child);
      await once(child.stdout, 'data');
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const elapsed = performance.now() - begin;
  await Promise.all(children.map(ended));
  return elapsed;
}

const programFile = (name: string): string => fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));

/** A program of `programs/` in a plain child process, with a socketpair on its descriptor 3: what a gateway is built on, and no more. */
export class BareChild implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly socket: Socket;

  constructor(node: string, program: string, args: readonly string[] = []) {
    this.child = spawn(node, [programFile(program), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      ...LIKE_REMOTE_ENDS,
    });
    this.socket = this.child.stdio[3] as Socket;
  }

  /** Resolves with the first bytes that arrive. */
  async answer(): Promise<Uint8Array> {
    const [chunk] = (await once(this.socket, 'data')) as [Uint8Array];
    return chunk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ended(this.child);
  }
}

/** A program of `programs/` to which `child_process` gives a message channel. */
export class SendingChild implements AsyncDisposable {
  readonly child: ChildProcess;

  constructor(program: string, serialization: 'json' | 'advanced' = 'json') {
    this.child = fork(programFile(program), [], { execArgv: [], serialization, ...LIKE_REMOTE_ENDS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ended(this.child);
  }
}

/** Kills a child of ours and waits until it is gone. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
