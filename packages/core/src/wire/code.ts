/**
 * Message codes. 0 to 7 are execnet's own, with its meaning; from 8 on they are ours and used only between ends that both said hello.
 * `docs/protocol.md` is the normative text.
 */
export const Code = {
  STATUS: 0,
  RECONFIGURE: 1,
  GATEWAY_TERMINATE: 2,
  CHANNEL_EXEC: 3,
  CHANNEL_DATA: 4,
  CHANNEL_CLOSE: 5,
  CHANNEL_CLOSE_ERROR: 6,
  CHANNEL_LAST_MESSAGE: 7,
  /** First frame of a remote end of ours: protocol version, limits, and what it runs on. */
  HELLO: 8,
  /** `uint32` bytes that the peer may send on this channel in addition. */
  CREDIT: 9,
  /** Asks for a PONG with the same payload; channel id 0. */
  PING: 10,
  PONG: 11,
  /** Cancels the execution behind this channel. */
  CANCEL: 12,
  /** `int32` id of a channel that the next data on this channel will carry. */
  BIND: 13,
  /** First part of an item: `uint32` size of the whole item, then its first bytes. */
  FRAGMENT_FIRST: 14,
  /** A further part of the item begun on this channel; the one that completes it ends it. */
  FRAGMENT: 15,
  /** `int32` exit code: the remote end is about to end by itself. */
  GOODBYE: 16,
  /** Runs a service of the gateway, in a thread of its own: the relay, which makes it a host for others. */
  SERVICE: 17,
  /** What the remote end has made of its program, for further ones; the first frame behind HELLO, or none. */
  COMPILED: 18,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

/** The highest code that is defined; what lies above it breaks the protocol. */
export const MAX_CODE: number = Code.COMPILED;

const NAMES = Object.entries(Code)
  .sort((a, b) => a[1] - b[1])
  .map(([name]) => name);

/** The name of a code for messages and traces. */
export function codeName(code: number): string {
  return NAMES[code] ?? `code ${code}`;
}
