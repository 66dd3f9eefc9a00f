import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { clearTimeout, setTimeout } from '../clock.ts';
import { ConnectError, type ErrorCode } from '../errors/index.ts';
import { onAbort } from '../on-abort.ts';
import type { Address, Command, Connection, DialOptions, Host, SpawnOptions } from '../registry/contracts.ts';
import { DialedConnection } from './dialed-connection.ts';
import { checkNiceness } from './niceness.ts';
import { ownInterpreter } from './own-interpreter.ts';
import { SpawnedConnection } from './spawned-connection.ts';
import { startFailure } from './start-failure.ts';

/** Variables by which this program talks to the one that started it; a child that finds them would use a descriptor that it does not have. */
const OWN_VARIABLES = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID'];

/** This machine. */
export const localHost: Host = {
  name: 'localhost',
  interpreter: ownInterpreter(),
  spawn: spawnLocal,
  dial: dialLocal,
};

const DISK_FULL = ['ENOSPC', 'EDQUOT'];

async function spawnLocal(command: Command, options: SpawnOptions = {}): Promise<Connection> {
  options.signal?.throwIfAborted();
  if (process.platform === 'win32') {
    throw new ConnectError(
      'ERR_EXECNET_PLATFORM',
      'local interpreters can be started on POSIX systems only; this is Windows',
    );
  }
  if (command.cwd !== undefined) prepareFolder(command.cwd, command.cwdMustExist === true);
  if (command.nice !== undefined) await checkNiceness(command.nice);
  const env = { ...process.env, ...command.env };
  for (const name of OWN_VARIABLES) if (!(name in command.env)) delete env[name];
  // `nice` and not setpriority: that one changes the niceness of a thread, after others have been started
  const [file, args] =
    command.nice === undefined
      ? [command.file, command.args]
      : ['nice', ['-n', String(command.nice), '--', command.file, ...command.args]];
  options.trace?.('spawn', file, `(${args.length} arguments)`, 'in', command.cwd ?? 'its own folder');
  const child = await start(command, () =>
    spawn(file, args, {
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      env,
      stdio: stdioOf(command, options.stdio ?? 'pipe'),
      // a group of its own: what it starts can be ended with it, and Ctrl-C does not reach it before us
      detached: true,
    }),
  );
  const connection = new SpawnedConnection(child, command.descriptors);
  if (!options.signal?.aborted) return connection;
  await connection.abort();
  throw options.signal.reason;
}

function prepareFolder(path: string, mustExist: boolean): void {
  try {
    // not made absolute: Node remembers a working folder that was removed, which would be made again
    if (!mustExist) makeFolders(path);
    // with a slash behind it, it has to be a folder
    accessSync(mustExist ? `${path}/` : path, constants.X_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ConnectError(
      DISK_FULL.includes(code) ? 'ERR_EXECNET_DISK_FULL' : 'ERR_EXECNET_CHDIR',
      `the folder ${JSON.stringify(path)} ${mustExist ? "(cwd) can't be" : "(chdir=) can't be made or"} entered: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** `recursive` of `mkdirSync` never returns where the system denies a folder with ENOENT, as it does in /proc. */
function makeFolders(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path) throw error;
    makeFolders(parent);
    try {
      mkdirSync(path);
    } catch (again) {
      // somebody else was faster
      if ((again as NodeJS.ErrnoException).code !== 'EEXIST') throw again;
    }
  }
}

function stdioOf(
  { descriptors: { input, output, stdout = 1 } }: Command,
  own: 'pipe' | 'ignore' | 'inherit',
): ('pipe' | 'ignore' | 'inherit' | number)[] {
  const stdio: ('pipe' | 'ignore' | 'inherit' | number)[] = ['ignore', own, own];
  for (let fd = stdio.length; fd <= Math.max(input, output, stdout); fd++) stdio[fd] = 'ignore';
  // beyond 2 `inherit` would mean none
  stdio[stdout] = own === 'inherit' ? 1 : own;
  stdio[input] = 'pipe';
  stdio[output] = 'pipe';
  return stdio;
}

/** Some failures are thrown, others come as an event; a child that has started can still fail later, to be killed for example. */
async function start(command: Command, spawnIt: () => ChildProcess): Promise<ChildProcess> {
  try {
    const child = spawnIt();
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.on('error', reject);
    });
    return child;
  } catch (error) {
    throw startFailure(error as NodeJS.ErrnoException, command);
  }
}

async function dialLocal(address: Address, options: DialOptions = {}): Promise<Connection> {
  options.signal?.throwIfAborted();
  const shown = address.path ?? `${address.host}:${address.port}`;
  options.trace?.('dial', shown);
  const socket =
    address.path === undefined
      ? connect({
          host: address.host,
          port: address.port,
          noDelay: true,
          // who ends first may still be sent something
          allowHalfOpen: true,
          ...(options.family === undefined ? {} : { family: options.family }),
        })
      : connect({ path: address.path, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    const fail = (code: ErrorCode, message: string, cause?: unknown): void => {
      settle();
      socket.destroy();
      reject(new ConnectError(code, message, { cause }));
    };
    const timer =
      options.timeout === undefined
        ? undefined
        : setTimeout(
            () => fail('ERR_EXECNET_CONNECT_TIMEOUT', `${shown} did not answer within ${options.timeout} ms`),
            options.timeout,
          );
    const aborted = (): void => {
      settle();
      socket.destroy();
      reject(options.signal?.reason);
    };
    const failed = (error: NodeJS.ErrnoException): void =>
      fail(dialCode(error), `${shown} can't be reached: ${error.message}`, error);
    const heedNoMore = options.signal && onAbort(options.signal, aborted);
    const settle = (): void => {
      clearTimeout(timer);
      heedNoMore?.();
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      settle();
      resolve();
    });
  });
  return new DialedConnection(socket, shown);
}

function dialCode({ code }: NodeJS.ErrnoException): ErrorCode {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'ERR_EXECNET_HOST_NOT_FOUND';
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return 'ERR_EXECNET_REFUSED';
  return code === 'ETIMEDOUT' ? 'ERR_EXECNET_CONNECT_TIMEOUT' : 'ERR_EXECNET_UNREACHABLE';
}
