import { SpecError } from '@execnet/core/plugin';
import { localAccount } from './account.ts';
import { readCommandLine } from './command-line.ts';
import type { Destination } from './destination.ts';
import { Resolver } from './resolver.ts';
import { parseSshWords } from './words.ts';

/** What a destination depends on besides the words; all of it is the process's own if left out. */
export interface ResolveOptions {
  /** The `ssh_config` of the spec: only this file is read, or none for `none`. */
  readonly configFile?: string;
  /** The home folder; the default is that of the account, whatever `HOME` says, as in OpenSSH. */
  readonly home?: string;
  readonly localUser?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The system's configuration; the default is `/etc/ssh/ssh_config`. */
  readonly systemFile?: string;
}

/**
 * Resolves the words of `ssh=` as OpenSSH would: command line, then `~/.ssh/config`, then the system's file; the first value wins.
 *
 * Every option is either honoured, without effect on one command over one connection, or an error that names it
 * (`ERR_EXECNET_SSH_OPTION`). Fails with `ERR_EXECNET_SSH_CONFIG` for a file that can't be read, a line that OpenSSH would refuse, or a
 * failing `Match exec`; with a `SpecError` if the words are at fault. Connects nowhere.
 */
export async function resolveDestination(value: string, options: ResolveOptions = {}): Promise<Destination> {
  const words = parseSshWords(value);
  const { settings, configFile } = readCommandLine(words);
  const files = { account: localAccount(options.home, options.localUser), env: options.env ?? process.env };
  const file = agreedFile(configFile, options.configFile);
  return new Resolver({ ...files, file, systemFile: options.systemFile ?? '/etc/ssh/ssh_config' }).resolve(
    words.host,
    settings,
    [],
  );
}

function agreedFile(option: string | undefined, field: string | undefined): string | undefined {
  if (option !== undefined && field !== undefined && option !== field)
    throw new SpecError(
      'ERR_EXECNET_SPEC',
      `-F ${option} contradicts ssh_config=${field}; both name the one file to read, leave one out`,
    );
  return option ?? field;
}
