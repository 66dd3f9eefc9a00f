import {
  ConnectError,
  type Connection,
  type Exit,
  type Host,
  type ShellCommand,
  type TransportContext,
  throughShell,
} from '@execnet/core/plugin';
import { parseSshWords } from '../config/index.ts';
import { loginFailure, lossOf } from './failures.ts';

/** What ssh exits with when the fault is its own, or its connection's, and not that of the program that it runs; ssh(1). */
const OWN_FAILURE = 255;

/** What the kill prints is a few numbers. */
const MAX_ANSWER = 65536;

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
  const start = async (line: string, options: { signal: AbortSignal }): Promise<Connection> => {
    const args = [
      // no terminal: it would mix stdout and stderr, and change what passes through it
      '-T',
      ...(config === undefined ? [] : ['-F', config]),
      ...words.arguments,
      ...(words.user === undefined ? [] : ['-l', words.user]),
      ...(words.port === undefined ? [] : ['-p', String(words.port)]),
      '--',
      words.host,
      line,
    ];
    try {
      return await host.spawn(
        { file: 'ssh', args, env: {}, descriptors: { input: 0, output: 1 } },
        { trace, ...options },
      );
    } catch (error) {
      throw withoutClient(error as Error, host);
    }
  };
  const where = `${words.user === undefined ? '' : `${words.user}@`}${words.host}`;
  const inner = await start(shell.line, { signal });
  return throughShell(inner, shell, {
    command,
    host: words.host,
    remoteAddress: placeOf(words, host),
    run: async (line, input, patience) =>
      await answerOf(await start(line, { signal: patience }), input, patience),
    explain: (exit, answered) => explain(exit, answered, where),
  });
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

/** Runs a command to its end, and resolves with what it prints. */
async function answerOf(connection: Connection, input: Uint8Array, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const giveUp = (): void => void connection.abort().catch(() => {});
  signal.addEventListener('abort', giveUp, { once: true });
  connection.start({
    data: (chunk) => {
      size += chunk.length;
      if (size <= MAX_ANSWER) chunks.push(Buffer.from(chunk));
    },
    output: () => {},
    end: () => {},
  });
  connection.write(input);
  connection.end();
  const { code, stderr } = await connection.closed;
  signal.removeEventListener('abort', giveUp);
  if (code !== 0) throw new Error(stderr.trim() || `ssh ended with code ${code ?? 'unknown'}`);
  return Buffer.concat(chunks).toString();
}
