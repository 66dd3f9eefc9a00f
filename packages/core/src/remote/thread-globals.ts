import { pauseThread } from './raw-io.ts';
import { Deno, emitExit } from './runtime.ts';
import type { ExecutingThread } from './thread.ts';

/** The steps at the end of a thread. */
export interface ThreadEnd {
  /** Has all leave that its code has sent. */
  flush(): void;
  /** The last that runs there. */
  leave(): void;
}

/**
 * Gives a further thread the process functions of the main thread: `process.exit` and `process.abort` there would end, or refuse to end, the
 * thread alone. Returns what ends just the thread.
 */
export function takeProcessFunctions(tell: ExecutingThread['tell'], end: ThreadEnd): () => void {
  const endThread = endOf(end);
  process.exit = (code?: number | string | null): never => {
    end.flush();
    tell({ kind: 'exit', code: exitCodeOf(code) });
    // the caller must not go on; the receiver ends the process
    for (;;) pauseThread(1000);
  };
  takeAbort();
  return endThread;
}

/** The same for an isolated thread: `process.exit` ends it alone, after `ending` was told the code. */
export function isolateProcessFunctions(ending: (code: number) => void, end: ThreadEnd): () => void {
  const endThread = endOf(end);
  process.exit = (code?: number | string | null): never => {
    end.flush();
    ending(exitCodeOf(code));
    return endThread();
  };
  takeAbort();
  return () => {
    end.flush();
    endThread();
  };
}

function endOf({ leave }: ThreadEnd): () => never {
  const exit = process.exit.bind(process);
  return () => {
    // what Deno has ended may run for a moment; elsewhere nobody asks
    if (Deno) {
      emitExit(0);
      leave();
    }
    return exit(0);
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
