export { ByteStreams } from './byte-streams.ts';
export { Delivery } from './delivery.ts';
export { duplexOf } from './duplex.ts';
export { localHost } from './local-host.ts';
export { type ShellCommand, shellCommand } from './shell-command.ts';
export { type ShellAccess, throughShell } from './shell-connection.ts';
export { StreamConnection } from './stream-connection.ts';
export { TailBuffer } from './tail-buffer.ts';
export { Flow, untilQuiet } from './until-quiet.ts';
