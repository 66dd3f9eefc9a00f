import fs from 'node:fs';
import path from 'node:path';
import { program } from './command.mjs';

/** With which the user logs in to a server that takes passwords. */
export const password = 'swordfish';

const passwordHash =
  '$6$execnet$G3wgr512JcA9OhnU4vXZIucYbL/7Rz4Lsgt8A4W7IlUo5Hcs4rnivfcgA7Rax2R2IRlS/jUKmIbkT/JLltW381';

/** Binds files over those of the machine, for itself alone, and becomes the program behind them. */
const bound = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shadow && shift 2 && exec "$@"';

/**
 * Words to put before those of a daemon: it then runs in a mount namespace of its own, where passwd and shadow give
 * the user another home and a known password. Nothing changes for any other process.
 *
 * @param {{ folder: string, user: string, account: string }} place `account` is the home
 * @returns {string[]}
 * @throws {Error} if this is not root
 */
export function withAccount({ folder, user, account }) {
  if (process.getuid?.() !== 0) throw new Error('not root: an account of its own needs a mount namespace');
  /** @param {string} name @param {(fields: string[]) => string[]} change */
  const changed = (name, change) => {
    const lines = fs.readFileSync(`/etc/${name}`, 'utf8').split('\n');
    const file = path.join(folder, name);
    const text = lines.map((line) =>
      line.startsWith(`${user}:`) ? change(line.split(':')).join(':') : line,
    );
    fs.writeFileSync(file, text.join('\n'), { mode: fs.statSync(`/etc/${name}`).mode });
    return file;
  };
  const passwd = changed('passwd', ([name = '', , uid = '', gid = '', info = '', , shell = '']) => [
    name,
    'x',
    uid,
    gid,
    info,
    account,
    shell,
  ]);
  const shadow = changed('shadow', ([name = '', , ...dates]) => [name, passwordHash, ...dates]);
  return [program('unshare'), '-m', program('sh'), '-c', bound, 'sh', passwd, shadow];
}
