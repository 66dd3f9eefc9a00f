/**
 * What the command `execnet-remote` is made of: the program of a remote end for masters that speak plain execnet, as Python's does.
 *
 * @packageDocumentation
 */
export { PLAIN_REMOTE_END } from './generated/plain-program.ts';
export type { PlainOptions } from './remote/plain/plain-options.ts';
