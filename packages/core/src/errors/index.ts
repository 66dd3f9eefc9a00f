export { ASYNCHRONOUS_STACKS, atCaller, framesOf, rejectAtCaller, stackAbove } from './at-caller.ts';
export {
  CancelledError,
  ChannelClosedError,
  ConnectError,
  ConnectionLostError,
  DataFormatError,
  DumpError,
  type ExitReport,
  LoadError,
  ProtocolError,
  SpecError,
  TerminateError,
  TimeoutError,
} from './errors.ts';
export { ExecnetError, type ExecnetErrorOptions, hasCode } from './execnet-error.ts';
export { describeError, MAX_ERRORS, RemoteError, type RemoteErrorData, wellFormed } from './remote-error.ts';
