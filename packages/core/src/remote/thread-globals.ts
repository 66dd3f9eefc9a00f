import { pauseThread } from './raw-io.ts';
import type { ExecutingThread } from './thread.ts';

/**
 * Gives a further thread the process functions of the main thread: `process.exit` and `process.abort` there would end, or refuse to end, the
 * thread alone. Returns what ends just the thread.
 */
export function takeProcessFunctions(tell: ExecutingThread['tell'], flush: () => void): () => void {
  const endThread = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    flush();
    tell({ kind: 'exit', code: Number(code ?? process.exitCode ?? 0) & 0xff });
    // the caller must not go on; the receiver ends the process
    for (;;) pauseThread(1000);
  };
  process.abort = (): never => {
    process.kill(process.pid, 'SIGABRT');
    for (;;) pauseThread(1000);
  };
  return () => endThread(0);
}
