import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConnectError } from '../errors/index.ts';
import type { Command } from '../registry/contracts.ts';

/** Why a command could not be started, in words that name it. */
export function startFailure(error: NodeJS.ErrnoException, { file, cwd = '.', env }: Command): ConnectError {
  const cause = { cause: error };
  const name = JSON.stringify(file);
  switch (error.code) {
    case 'ENOENT': {
      const isPath = file.includes('/');
      const where = isPath ? '' : ` on the PATH ${env['PATH'] ?? process.env['PATH'] ?? ''}`;
      // the kernel says the same of a script as of what its first line names
      const message =
        isPath && existsSync(resolve(cwd, file))
          ? `${name} is there, but what its first line names (#!), or its loader, is not`
          : `there is no program ${name}${where}`;
      return new ConnectError('ERR_EXECNET_INTERPRETER_NOT_FOUND', message, cause);
    }
    case 'EACCES':
      return new ConnectError(
        'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE',
        `${name} may not be executed: it is no file with permission to execute`,
        cause,
      );
    default:
      return new ConnectError('ERR_EXECNET_SPAWN', `${name} can't be started: ${error.message}`, cause);
  }
}
