import { complain } from './prints.ts';
import type { ExecutingThread } from './thread.ts';

/**
 * An error that nobody caught ends a remote end as it ends a plain program: with code 1 and its stack on stderr; the executions of its thread
 * are told first. A handler that remote code installs for itself takes precedence, as it would in a plain program.
 */
export function reportUncaught(thread: ExecutingThread): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      if (process.listenerCount(event) > 1) return;
      thread.uncaught(error);
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      complain(`Uncaught ${text}`);
      process.exit(1);
    });
  }
}
