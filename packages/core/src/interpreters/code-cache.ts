import { Script } from 'node:vm';
import { REMOTE_END } from '../generated/programs.ts';

let cached: Uint8Array | undefined;

/**
 * What V8 makes of the remote program, for interpreters that are the one this program runs on: they need not parse it, which takes a tenth of
 * their start. Others, also the same one with other flags, notice and parse it. Made once, in the time of a parse.
 */
export function codeCache(): Uint8Array {
  cached ??= new Script(REMOTE_END).createCachedData();
  return cached;
}
