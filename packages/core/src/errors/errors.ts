import { ExecnetError, type ExecnetErrorOptions } from './execnet-error.ts';

/** A spec that can't be understood: `ERR_EXECNET_SPEC`, `ERR_EXECNET_UNKNOWN_FIELD`, `ERR_EXECNET_AMBIGUOUS_FIELD`. */
export class SpecError extends ExecnetError {
  override readonly name = 'SpecError';
}

/** The connection could not be made, or what answered is no remote end; the code says which (`docs/errors.md`). */
export class ConnectError extends ExecnetError {
  override readonly name = 'ConnectError';
}

/** How a remote end, or the process that carries its connection, came to its end. */
export interface ExitReport {
  /** Exit status of the interpreter, if it ended by itself and the transport can tell. */
  readonly code?: number;
  /** The signal that ended it (`SIGKILL`), if one did and the transport can tell. */
  readonly signal?: string;
  /** The last 8 KiB at most of what it wrote to stderr. */
  readonly stderr?: string;
}

/** The remote end, or the way to it, is gone. Carries how it ended and the tail of its stderr, as far as known. */
export class ConnectionLostError extends ExecnetError {
  override readonly name = 'ConnectionLostError';
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string | undefined;

  constructor(message: string, exit: ExitReport = {}, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_CONNECTION_LOST', message, options);
    this.exitCode = exit.code;
    this.signal = exit.signal;
    this.stderr = exit.stderr;
  }
}

/** The channel takes or gives nothing any more. Iteration ends on it instead of throwing. */
export class ChannelClosedError extends ExecnetError {
  override readonly name = 'ChannelClosedError';

  constructor(message: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_CHANNEL_CLOSED', message, options);
  }
}

/** The execution behind a channel was cancelled by its owner; raised at the remote end only. */
export class CancelledError extends ExecnetError {
  override readonly name = 'CancelledError';

  constructor(message: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_CANCELLED', message, options);
  }
}

/** A wait took longer than its `timeout`, in milliseconds. What was waited for may still happen. */
export class TimeoutError extends ExecnetError {
  override readonly name = 'TimeoutError';

  constructor(message: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_TIMEOUT', message, options);
  }
}

/** Data that can't be written or read: {@link DumpError} or {@link LoadError}. */
export class DataFormatError extends ExecnetError {
  override readonly name: string = 'DataFormatError';
}

/** A value that can't be sent without loss; `path` says where in the item it sits (`$.users[3].save`). */
export class DumpError extends DataFormatError {
  override readonly name = 'DumpError';
  readonly path: string;

  constructor(message: string, path: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_DUMP', message, options);
    this.path = path;
  }
}

/** An error of dumping with the path in the value of the user, which was dumped at the place `at` of another; anything else as it is. */
export function dumpedWithin(error: unknown, at: string): unknown {
  if (!(error instanceof DumpError) || !error.path.startsWith(at)) return error;
  const path = `$${error.path.slice(at.length)}`;
  return new DumpError(error.message.replace(error.path, path), path, { cause: error.cause });
}

/** Bytes that are no value of the expected format, or exceed a limit. */
export class LoadError extends DataFormatError {
  override readonly name = 'LoadError';

  constructor(message: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_LOAD', message, options);
  }
}

/** The peer broke the protocol; the link that met it is taken down. */
export class ProtocolError extends ExecnetError {
  override readonly name = 'ProtocolError';

  constructor(message: string, options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_PROTOCOL', message, options);
  }
}

/** Something outlived `terminate()`; `remains` names each, by host and pid. */
export class TerminateError extends ExecnetError {
  override readonly name = 'TerminateError';
  readonly remains: readonly string[];

  constructor(message: string, remains: readonly string[], options: ExecnetErrorOptions = {}) {
    super('ERR_EXECNET_TERMINATE', message, options);
    this.remains = remains;
  }
}
