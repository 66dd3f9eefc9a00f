import type { Channel } from '../channel/index.ts';
import type { Address, Command, Exit, SpawnOptions } from '../registry/contracts.ts';

/** What the local end asks of the relay of a gateway, on the channel of the service. */
export type RelayRequest =
  | {
      readonly what: 'spawn';
      readonly command: Command;
      readonly stdio: SpawnOptions['stdio'];
      /** It knows nothing of this protocol, and would not notice that this end is gone: what is left of it then is killed, however this end has ended. */
      readonly guarded?: boolean | undefined;
      readonly streams: RelayStreams;
    }
  | {
      readonly what: 'dial';
      readonly address: Address;
      readonly timeout: number | undefined;
      readonly family: 4 | 6 | undefined;
      readonly streams: RelayStreams;
    };

/** The channels of one relayed connection. */
export interface RelayStreams {
  /** The bytes of the connection, in both directions, as a `ByteChannel`. What one side does not take, the other does not get credit for. */
  readonly data: Channel;
  /** Everything else, so that it does not wait for bytes that nobody reads. To the relay: {@link RelayOrder}; from it: {@link RelayEvent}. */
  readonly events: Channel;
  /** What the program prints, as `ByteChannel`s of their own, if it is to arrive: who prints what nobody reads waits, and nothing else does. */
  readonly stdout?: Channel;
  readonly stderr?: Channel;
}

/** `abort`: nothing of it is to be left. The name of a signal: it is sent to all of its process group. */
export type RelayOrder = 'abort' | NodeJS.Signals;

/** An error as it travels: its class stays behind, the code says what it is. */
export interface RelayFailure {
  readonly code: string | undefined;
  readonly message: string;
}

export type RelayEvent =
  /** The connection is there. First of all, or `failed`. */
  | { readonly what: 'connected'; readonly address: string }
  | { readonly what: 'failed'; readonly failure: RelayFailure }
  /** Why the bytes end, of which there may be more on their way. */
  | { readonly what: 'end'; readonly failure?: RelayFailure | undefined }
  /** The process has ended. What it has printed is still to be taken, and at once: `closed` may wait for that. May be missing before `closed`. */
  | { readonly what: 'exited' }
  | {
      readonly what: 'closed';
      readonly exit: Omit<Exit, 'error'>;
      readonly failure?: RelayFailure | undefined;
    }
  /** What was asked to be torn down is gone, but for these processes. */
  | { readonly what: 'aborted'; readonly remains: readonly string[] };

export function relayFailure(error: Error): RelayFailure {
  const { code } = error as { code?: unknown };
  // that of a DOMException is a number
  return { code: typeof code === 'string' ? code : undefined, message: error.message };
}
