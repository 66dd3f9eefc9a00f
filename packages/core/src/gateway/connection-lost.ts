import { ConnectionLostError } from '../errors/index.ts';
import type { Exit } from '../registry/contracts.ts';

/** How a gateway came to its end, in words. */
export function connectionLost(id: string, exit: Exit, reason: Error | undefined): ConnectionLostError {
  const { code, signal, stderr } = exit;
  const how = signal
    ? `its remote end was ended by ${signal}`
    : code === undefined
      ? 'its connection is closed'
      : `its remote end ended with code ${code}`;
  const why = reason ? `: ${reason.message}` : '';
  const said = stderr.trim() === '' ? '' : `\n--- the last it wrote to stderr ---\n${stderr.trimEnd()}`;
  return new ConnectionLostError(`${id}: ${how}${why}${said}`, exit, reason ? { cause: reason } : {});
}

/**
 * How a remote end ended that said with which code it was about to: a transport may not know, and where the main thread spins only a kill
 * of its own ends it.
 */
export function toldExit(exit: Exit, goodbye: number | undefined): Exit {
  if (goodbye === undefined || exit.code !== undefined) return exit;
  const { signal, ...rest } = exit;
  return signal === undefined || signal === 'SIGKILL' ? { ...rest, code: goodbye } : exit;
}
