import type { Connection, TransportSupports } from '@execnet/core/plugin';
import type { Lab, Lack } from './lab.ts';

/** One thing that any transport must do. */
export interface TransportCheck {
  readonly title: string;
  /** Only where the transport says that it can do this. */
  readonly needs?: keyof TransportSupports;
  /** Only where it is not said to lack this. */
  readonly wants?: Lack;
  /** Only where the runtime of the local program can tell. */
  readonly runtime?: 'node';
  /** Throws if it does not. */
  run(lab: Lab): Promise<void>;
}

/** Sends back what comes. */
export const ECHO = 'cat <&3 >&4';

/** Writes bytes in chunks of that size, as fast as the connection takes them. */
export async function writeAll(connection: Connection, bytes: Uint8Array, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    // a chunk belongs to the connection
    if (!connection.write(bytes.slice(at, at + size))) await connection.drained();
  }
}

/** Resolves with false if the promise has not settled when the other has. */
export async function settlesBefore(promise: Promise<unknown>, other: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), other.then(() => false)]);
}
