import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';

const programs = new Map<string, string>();

/** The program of a thread, bundled as the program of a remote end is: no runtime but the newest loads TypeScript in threads by itself. */
function programOf(name: string): string {
  let program = programs.get(name);
  if (program === undefined) {
    const [file] = buildSync({
      entryPoints: [new URL(`${name}.thread.ts`, import.meta.url).pathname],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node18',
      write: false,
    }).outputFiles;
    program = file?.text ?? '';
    programs.set(name, program);
  }
  return program;
}

/** A thread that runs `NAME.thread.ts`; `done` resolves with its one message, and rejects with its error. */
export function startThread(
  name: string,
  workerData: object,
  transferList: import('node:worker_threads').Transferable[] = [],
): { worker: Worker; done: Promise<unknown> } {
  const worker = new Worker(programOf(name), { eval: true, workerData, transferList });
  const done = new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  done.catch(() => {});
  return { worker, done };
}
