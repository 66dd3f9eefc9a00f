import * as assert from 'uvu/assert';

interface SeenOfStart {
  readonly execArgv: string[];
  readonly args: string[];
  /** The first two words of its command line: the interpreter, and the place of the main module. */
  readonly command: string[];
  readonly execPath: string;
  readonly titled: boolean;
  readonly main: string | undefined;
  readonly echo: string;
  readonly forked: string;
  readonly fromWorker: string;
  /** By `require()`, and by `import`. */
  readonly workerData: unknown[];
}

/** For remote code: tells what it sees of the start of its interpreter, and what becomes of programs that it starts with the same options. */
export async function seenOfStart(): Promise<SeenOfStart> {
  const { execFileSync, fork } = await import('node:child_process');
  const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const folder = mkdtempSync(`${tmpdir()}/execnet-`);
  try {
    const script = `${folder}/script.cjs`;
    // it stays until its parent has heard it: on Deno the end of a child may come before its last message
    const tell = "process.once('disconnect', () => {}).send('works')";
    writeFileSync(script, `process.send ? ${tell} : console.log('works')`);
    const child = fork(script);
    const forked = await new Promise<string>((resolve, reject) => {
      child.once('error', reject).once('message', (message) => {
        child.disconnect();
        resolve(String(message));
      });
      child.once('exit', (code) => reject(new Error(`it ended with code ${code}`)));
    });
    const run = 'Deno' in globalThis ? ['run', '--no-config', script] : [script];
    const echo = execFileSync(process.execPath, [...process.execArgv, ...run])
      .toString()
      .trim();
    const { execArgv, execPath } = process;
    const { require } = globalThis as { require?: NodeJS.Require };
    // Deno has no such module
    const main = 'Deno' in globalThis ? process.argv[1] : require?.main?.filename;
    const { Worker, workerData } = await import('node:worker_threads');
    const worker = new Worker(
      `const child = require('node:child_process').fork(${JSON.stringify(script)});
      child.once('message', (message) => { child.disconnect(); require('node:worker_threads').parentPort.postMessage(message); });`,
      { eval: true },
    );
    const fromWorker = await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    await worker.terminate();
    const titled = process.title === process.argv0;
    const args = process.argv.slice(2);
    const command = process.argv.slice(0, 2);
    const data = [process.getBuiltinModule?.('node:worker_threads')?.workerData ?? null, workerData];
    return { execArgv, execPath, command, args, titled, main, echo, forked, fromWorker, workerData: data };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** It sees what a script would see. */
export function assertNothingSeen(seen: SeenOfStart): void {
  const { execArgv, execPath, command, args, titled, main, echo, forked, fromWorker, workerData } = seen;
  assert.equal([execArgv, args, titled, workerData], [[], [], true, [null, null]]);
  assert.equal([echo, forked, fromWorker], ['works', 'works', 'works']);
  assert.type(main, 'string');
  assert.equal(command, [execPath, main]);
}
