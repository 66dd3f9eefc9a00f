import type { RemoteInfo } from '../protocol/index.ts';
import { Bun, builtin, runtime, runtimeVersion } from './runtime.ts';

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

/** A thread of Bun remembers the working folder that it has seen first. */
function cwd(): string {
  if (Bun) {
    try {
      return builtin('node:fs').readlinkSync('/proc/self/cwd');
    } catch {
      // no such file system: what it remembers is the best there is
    }
  }
  return process.cwd();
}
