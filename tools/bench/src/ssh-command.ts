import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { ended } from './bare.ts';

/** A command that the OpenSSH client runs on a server: what a user would pick instead. */
export class SshCommand implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(config: string, alias: string, command: string) {
    this.child = spawn('ssh', ['-F', config, alias, command], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
  }

  /** Milliseconds for one of `count` round trips of a byte through a command that answers each. */
  async roundTrip(count: number): Promise<number> {
    const begin = performance.now();
    for (let i = 0; i < count; i++) {
      const answer = once(this.child.stdout, 'data');
      this.child.stdin.write('x');
      await answer;
    }
    return (performance.now() - begin) / count;
  }

  /** Writes `blocks`, and resolves when the command has answered. */
  async out(blocks: number, block: Uint8Array): Promise<void> {
    const answer = once(this.child.stdout, 'data');
    for (let i = 0; i < blocks; i++)
      if (!this.child.stdin.write(block)) await once(this.child.stdin, 'drain');
    this.child.stdin.end();
    await answer;
  }

  /** Resolves when the command has written everything. */
  async in(): Promise<void> {
    this.child.stdout.resume();
    await once(this.child.stdout, 'end');
  }

  /** Resolves when the command has said something: it runs. */
  async started(): Promise<void> {
    await once(this.child.stdout, 'data');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ended(this.child);
  }
}
