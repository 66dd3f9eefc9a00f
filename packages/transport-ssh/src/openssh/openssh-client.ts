import {
  ConnectError,
  type Connection,
  type Exit,
  GroupKiller,
  type Host,
  type OpenShell,
  type ShellCommand,
  type TransportContext,
  throughShell,
} from '@execnet/core/plugin';
import { parseSshWords } from '../config/index.ts';
import { loginFailure, lossOf } from './failures.ts';

/** What ssh exits with when the fault is its own, or its connection's, and not that of the program that it runs; ssh(1). */
const OWN_FAILURE = 255;

/** The killers on the machines behind each host, by the arguments that lead there. */
const killers = new WeakMap<Host, Map<string, Shared>>();

interface Shared {
  readonly killer: GroupKiller;
  users: number;
}

/**
 * Starts a command through the `ssh` of the machine where the transport acts, with that machine's configuration, keys and agent: for what ssh2 can't do.
 */
export async function startOverOpenSsh(
  value: string,
  config: string | undefined,
  shell: ShellCommand,
  { command, host, signal, trace }: Required<TransportContext>,
): Promise<Connection> {
  const words = parseSshWords(value);
  const way = [
    // no terminal: it would mix stdout and stderr, and change what passes through it
    '-T',
    ...(config === undefined ? [] : ['-F', config]),
    ...words.arguments,
    ...(words.user === undefined ? [] : ['-l', words.user]),
    ...(words.port === undefined ? [] : ['-p', String(words.port)]),
    '--',
    words.host,
  ];
  const start = async (line: string, patience: AbortSignal): Promise<Connection> => {
    try {
      return await host.spawn(
        { file: 'ssh', args: [...way, line], env: {}, descriptors: { input: 0, output: 1 } },
        { trace, signal: patience },
      );
    } catch (error) {
      throw withoutClient(error as Error, host);
    }
  };
  const where = `${words.user === undefined ? '' : `${words.user}@`}${words.host}`;
  const inner = await start(shell.line, signal);
  return throughShell(inner, shell, {
    command,
    host: words.host,
    remoteAddress: placeOf(words, host),
    ...useKiller(host, JSON.stringify(way), start),
    explain: (exit, answered) => explain(exit, answered, where),
  });
}

/** The killer of all that use the same way from one host; it goes with the last of them. */
function useKiller(
  host: Host,
  way: string,
  open: OpenShell,
): { readonly killer: GroupKiller; readonly done: () => void } {
  const ofHost = killers.get(host) ?? new Map<string, Shared>();
  killers.set(host, ofHost);
  const shared = ofHost.get(way) ?? { killer: new GroupKiller(open), users: 0 };
  ofHost.set(way, shared);
  shared.users++;
  return {
    killer: shared.killer,
    done: () => {
      if (--shared.users === 0) ofHost.delete(way);
    },
  };
}

function placeOf({ host: name, port }: { host: string; port?: number }, host: Host): string {
  return `${name}${port === undefined ? '' : `:${port}`}${host.name === 'localhost' ? '' : ` via ${host.name}`}`;
}

/** What the host calls an interpreter that is missing is the client here. */
function withoutClient(error: Error & { code?: string }, host: Host): Error {
  if (error.code !== 'ERR_EXECNET_INTERPRETER_NOT_FOUND') return error;
  return new ConnectError(
    'ERR_EXECNET_SSH',
    `ssh_client=openssh needs the program ssh on ${host.name}: ${error.message}; install it, or leave ssh_client out`,
    { cause: error },
  );
}

/**
 * Its own failure and that of the program have one code, which also stands for a program that a signal has ended; only what it writes tells them
 * apart.
 */
function explain(exit: Exit, answered: boolean, where: string): Exit {
  if (exit.code !== OWN_FAILURE || exit.error) return exit;
  const { code: _own, ...rest } = exit;
  const error = answered ? lossOf(exit.stderr, where) : loginFailure(exit.stderr, where);
  return error ? { ...rest, error } : exit;
}
