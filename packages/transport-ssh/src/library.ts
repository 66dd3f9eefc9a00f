import { ConnectError } from '@execnet/core/plugin';
import type Ssh2 from 'ssh2';

/**
 * ssh2, once {@link loadSsh2} has resolved. It takes a third of the time that all of execnet takes to load, so that only who uses ssh waits for it.
 */
export let ssh2: typeof Ssh2;

/** Not to be seen by bundlers: native parts that it can do without, and that are not there everywhere, would fail the build of any program. */
const NAME: string = 'ssh2';

/** Loads ssh2, as the caller says or as it is installed; the first call decides. */
export async function loadSsh2(load?: () => Promise<{ readonly default: unknown }>): Promise<void> {
  try {
    ssh2 ??= (await (load?.() ?? import(NAME))).default as typeof Ssh2;
  } catch (error) {
    throw noSsh2(error);
  }
}

export function noSsh2(cause: unknown): ConnectError {
  return new ConnectError(
    'ERR_EXECNET_SSH',
    `ssh2 can't be loaded (${(cause as Error).message}). A program that was bundled into one file does not have it: install it beside that file, hand it ` +
      "over with ssh({ ssh2: () => import('ssh2') }), or use ssh_client=openssh",
    { cause },
  );
}
