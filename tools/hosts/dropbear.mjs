import fs from 'node:fs';
import { withAccount } from './accounts.mjs';
import { command, program } from './command.mjs';
import { marksOf } from './daemon.mjs';
import { startHost } from './host.mjs';

/** @typedef {import('./host.mjs').HostOptions} DropbearOptions */

/** @param {string} file @param {import('./keys.mjs').KeyType} type */
async function makeHostKey(file, type) {
  await command('dropbearkey', ['-t', type, '-f', file]);
  const said = await command('dropbearkey', ['-y', '-f', file]);
  const line = said.split('\n').find((one) => /^(ssh|ecdsa)-/.test(one));
  if (line === undefined) throw new Error(`dropbearkey shows no public key: ${said}`);
  fs.writeFileSync(`${file}.pub`, `${line}\n`);
  return file;
}

/**
 * Starts dropbear, with everything private in a folder of its own, for the user that runs this program. It looks for
 * authorized keys only in the home that passwd names, so that it gets a passwd of its own; this needs root.
 *
 * @param {DropbearOptions} [options]
 * @returns {Promise<import('./host.mjs').Host>}
 * @throws {Error} with its log, if it does not start; if this is not root
 */
export async function startDropbear(options = {}) {
  const file = program('dropbear');
  return startHost(
    {
      name: 'dropbear',
      makeHostKey,
      prepare: (place, { address, port }) => ({
        words: [
          ...withAccount(place),
          file,
          '-F',
          '-E',
          '-m',
          '-p',
          `${address}:${port}`,
          '-P',
          place.pidFile,
          ...place.hostKeyFiles.flatMap((key) => ['-r', key]),
          ...(options.password ? [] : ['-s']),
          ...(place.wrapper === undefined ? [] : ['-c', place.wrapper]),
          // The sessions' environment is its own.
          '-e',
          ...(options.extra ?? []),
        ],
        env: { ...marksOf(place.folder), ...options.env },
      }),
    },
    options,
  );
}
