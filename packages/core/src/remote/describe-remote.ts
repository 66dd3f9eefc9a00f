import type { RemoteInfo } from '../protocol/index.ts';
import { runtime, runtimeVersion } from './runtime.ts';

/** What this interpreter says of itself. */
export function describeRemote(): RemoteInfo {
  return {
    runtime,
    version: runtimeVersion,
    pid: process.pid,
    platform: process.platform,
    arch: process.arch,
    executable: process.execPath,
    cwd: process.cwd(),
  };
}
