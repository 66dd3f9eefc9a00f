import type { Start } from '../protocol/index.ts';
import { ownDialect } from './own-dialect.ts';
import { startRole, type ThreadStart } from './start.ts';

/** The program of a remote end that a local end of ours has started. */
export function start(given: Start | ThreadStart): void {
  startRole(given, ownDialect);
}
