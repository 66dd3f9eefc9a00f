/**
 * What implementers of transports, interpreters and execution models need: the contracts, and what their implementations share.
 *
 * ```ts
 * import type { Transport } from '@execnet/core/plugin';
 *
 * export const docker = (): Transport => ({
 *   kind: 'transport',
 *   field: 'docker',
 *   options: [],
 *   starts: 'command',
 *   supports: { halfClose: true, exitStatus: true, separateStdout: false },
 *   connect: (spec, { host, command }) => host.spawn(inContainer(String(spec.get('docker')), command)),
 * });
 * ```
 *
 * @packageDocumentation
 */
export { ConnectError, ExecnetError, SpecError, TerminateError } from './errors/index.ts';
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
  SpawnOptions,
  Trace,
  Transport,
  TransportContext,
  TransportSupports,
} from './registry/index.ts';
export type { CreateExecutor, Executor, ExecutorThread, ExecutorThreads, Task } from './remote/executor.ts';
export { quoteWord, quoteWords, Spec, splitWords } from './spec/index.ts';
