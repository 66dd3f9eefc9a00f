import { ConnectionLostError, ExecnetError } from '../errors/index.ts';
import { signalOfStatus } from '../host/index.ts';
import type { Connection, Exit } from '../registry/contracts.ts';
import { within } from '../within.ts';

/** How long a remote end that closed its connection may take to end, in milliseconds: an interpreter needs a few to take itself down. */
const END_MARGIN = 250;

/** Waits for the end of what closed its connection. If it lives on, it has lost its mind and is killed, so that the answer comes in any case. */
export async function howItEnded(connection: Connection): Promise<Exit> {
  const exit = await within(connection.closed, END_MARGIN);
  if (exit) return exit;
  await connection
    .abort(new ExecnetError('ERR_EXECNET_PROTOCOL', 'it closed its connection without ending'))
    .catch(() => {});
  return await connection.closed;
}

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
 * of its own ends it. A shell that waited for it tells the codes above 128 as the signals that they may stand for.
 */
export function toldExit(exit: Exit, goodbye: number | undefined): Exit {
  if (goodbye === undefined || exit.code !== undefined) return exit;
  const { signal, ...rest } = exit;
  const mayBeCode = signal === undefined || signal === 'SIGKILL' || signal === signalOfStatus(goodbye);
  return mayBeCode ? { ...rest, code: goodbye } : exit;
}
