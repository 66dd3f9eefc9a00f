import { spawn, spawnSync } from 'node:child_process';
import { test } from 'uvu';

/** Why there is nothing to compare with, if that is so. */
const missing = spawnSync('ssh', ['-V']).error ? 'there is no ssh here to compare with' : undefined;

/** A test against OpenSSH, which not every machine has; it is then left out with the reason. */
export function testWithOpenSsh(title: string, run: () => Promise<void> | void): void {
  if (missing === undefined) {
    test(title, run);
  } else {
    console.log(`left out: ${missing}: ${title}`);
    test.skip(title, run);
  }
}

/** What `ssh -G` prints, values by keyword. */
export type Printed = ReadonlyMap<string, readonly string[]>;

/** How OpenSSH understands these arguments; undefined if it refuses them. */
export async function askOpenSsh(args: readonly string[], env = process.env): Promise<Printed | undefined> {
  const child = spawn('ssh', ['-G', ...args], { stdio: ['ignore', 'pipe', 'ignore'], env });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) return undefined;
  const printed = new Map<string, string[]>();
  for (const line of Buffer.concat(chunks).toString().split('\n')) {
    const [, keyword, value] = /^(\S+) ([\s\S]*)$/.exec(line) ?? [];
    if (keyword === undefined || value === undefined) continue;
    printed.set(keyword, [...(printed.get(keyword) ?? []), value]);
  }
  return printed;
}
