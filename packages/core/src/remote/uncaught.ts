import { describeError, errorText } from '../errors/index.ts';
import { complain } from './prints.ts';
import { exit, nodeProcess, onDenoEvent } from './runtime.ts';
import type { ExecutingThread } from './thread.ts';

/**
 * An error that nobody caught ends a remote end as it ends a plain program: with code 1 and its stack on stderr; the executions of its thread
 * are told first. What a cancelled execution has left unawaited ends nothing. A handler that remote code installs for itself takes precedence, as it would in a
 * plain program.
 */
export function reportUncaught(
  thread: ExecutingThread,
  { isolated }: { isolated: boolean } = { isolated: false },
): void {
  // remote code may replace them
  const own = process;
  const exit = own.exit.bind(own);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    own.on(event, (error: unknown) => {
      if (own.listenerCount(event) > 1) return;
      if (isolated) fail(thread, error);
      else end(thread, error, exit);
    });
  }
}

/** The same for Deno's main thread, by events of its own: see {@link onExit}. */
export function reportUncaughtByEvents(thread: ExecutingThread): void {
  onDenoEvent('error', (event) => {
    if (nodeProcess().listenerCount('uncaughtException') > 0) return;
    event.preventDefault();
    end(thread, event.error, exit);
  });
  onDenoEvent('unhandledrejection', (event) => {
    if (nodeProcess().listenerCount('unhandledRejection') > 0) return;
    event.preventDefault();
    end(thread, event.reason, exit);
  });
}

/** In an isolated thread it fails what runs there; who waits for that ends the thread. */
function fail(thread: ExecutingThread, error: unknown): void {
  if (isLeftBehind(thread, error)) return;
  if (thread.uncaught(error) === 0) say(error);
}

function end(thread: ExecutingThread, error: unknown, exit: (code: number) => never): void {
  if (isLeftBehind(thread, error)) return;
  thread.uncaught(error);
  say(error);
  exit(1);
}

function isLeftBehind(thread: ExecutingThread, error: unknown): boolean {
  const way = thread.leftBehind(error);
  if (way === 'told') say(error);
  return way !== undefined;
}

function say(error: unknown): void {
  complain(`Uncaught ${errorText(describeError(error))}`);
}
