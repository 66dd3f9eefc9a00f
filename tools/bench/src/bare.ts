import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Milliseconds from `spawn` to the first byte on the child's stdout. */
export async function firstByte(file: string, args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const elapsed = performance.now() - begin;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
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
    this.child = fork(programFile(program), [], { execArgv: [], serialization });
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
