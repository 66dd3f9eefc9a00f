import type { RemoteInfo } from '../protocol/index.ts';
import { Bun, builtin, folderIsGone, runtime, runtimeVersion } from './runtime.ts';

/** What this interpreter says of itself. */
export function describeRemote(): RemoteInfo {
  return {
    runtime,
    version: runtimeVersion,
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    executable: process.execPath,
    cwd: cwd(),
  };
}

/** The working folder, or '' if it has been removed. A thread remembers the one that it has seen first. */
function cwd(): string {
  if (folderIsGone()) return '';
  if (Bun) {
    try {
      return builtin('node:fs').readlinkSync('/proc/self/cwd');
    } catch {
      // no such file system: what it remembers is the best there is
    }
  }
  return process.cwd();
}
