/**
 * What implementers of transports, interpreters and execution models need: the contracts, and what their implementations share.
 *
 * ```ts no-run: it needs Docker; docs/write-a-transport.md has it in full
 * import type { Command, Transport } from '@execnet/core/plugin';
 *
 * declare function inContainer(image: unknown, command: Command | undefined): Command;
 *
 * export const docker = (): Transport => ({
 *   kind: 'transport',
 *   field: 'docker',
 *   options: [],
 *   starts: 'command',
 *   supports: { halfClose: true, exitStatus: true, separateStdout: false },
 *   connect: (spec, { host, command, signal }) => host.spawn(inContainer(spec.get('docker'), command), { signal }),
 * });
 * ```
 *
 * @packageDocumentation
 */
export { orAborted } from './channel/index.ts';
export * as clock from './clock.ts';
export { ConnectError, type ErrorCode, ExecnetError, SpecError, TerminateError } from './errors/index.ts';
export {
  ByteStreams,
  Delivery,
  duplexOf,
  Flow,
  GroupKiller,
  type OpenShell,
  type ShellAccess,
  type ShellCommand,
  StreamConnection,
  shellCommand,
  TailBuffer,
  throughShell,
  untilQuiet,
} from './host/index.ts';
export { defaultRegistry } from './interpreters/index.ts';
export type {
  Address,
  Boot,
  BootContext,
  Command,
  Connection,
  ConnectionSink,
  Descriptors,
  DialOptions,
  ExecModel,
  Exit,
  Family,
  Host,
  Interpreter,
  InterpreterSupports,
  OutputStream,
  Plugin,
  Refusal,
  Service,
  SourceRequest,
  SpawnOptions,
  Trace,
  Transport,
  TransportContext,
  TransportSupports,
} from './registry/index.ts';
export { nameBehindHash } from './registry/index.ts';
export type {
  CreateExecutor,
  CreateRunner,
  Executor,
  ExecutorThread,
  ExecutorThreads,
  Runner,
  RunnerContext,
  Running,
  Settlement,
  Task,
  ThreadLimits,
  ThreadOptions,
} from './remote/executor.ts';
export type { ServiceProgram, ServiceTools } from './remote/service.ts';
export { quoteWord, quoteWords, Spec, splitWords } from './spec/index.ts';
