export { ASYNCHRONOUS_STACKS, atCaller, rejectAtCaller } from './at-caller.ts';
export type { ErrorCode } from './error-code.ts';
export { errorText } from './error-text.ts';
export {
  CancelledError,
  ChannelClosedError,
  ConnectError,
  ConnectionLostError,
  DataFormatError,
  DumpError,
  dumpedWithin,
  type ExitReport,
  LoadError,
  ProtocolError,
  SpecError,
  TerminateError,
  TimeoutError,
} from './errors.ts';
export { ExecnetError, type ExecnetErrorOptions, hasCode } from './execnet-error.ts';
export {
  checkErrorData,
  describeError,
  RemoteError,
  type RemoteErrorData,
  wellFormed,
} from './remote-error.ts';
export { captureStack, framesOf, stackAbove, withoutReceivers } from './stack.ts';
