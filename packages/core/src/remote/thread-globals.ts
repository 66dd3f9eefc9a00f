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
    tell({ kind: 'exit', code: exitCodeOf(code) });
    // the caller must not go on; the receiver ends the process
    for (;;) pauseThread(1000);
  };
  takeAbort();
  return () => endThread(0);
}

/** The same for an isolated thread: `process.exit` ends it alone, after `ending` was told the code. */
export function isolateProcessFunctions(ending: (code: number) => void, flush: () => void): () => void {
  const endThread = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    flush();
    ending(exitCodeOf(code));
    return endThread(0);
  };
  takeAbort();
  return () => {
    flush();
    endThread(0);
  };
}

/** What the process would report. */
function exitCodeOf(code: number | string | null | undefined): number {
  return Number(code ?? process.exitCode ?? 0) & 0xff;
}

function takeAbort(): void {
  process.abort = (): never => {
    process.kill(process.pid, 'SIGABRT');
    for (;;) pauseThread(1000);
  };
}
