import type { MessagePort } from 'node:worker_threads';
import type { BootOptions } from '../protocol/index.ts';

/** What a further executing thread is started with. */
export interface ThreadData {
  readonly role: 'thread';
  readonly program: string;
  readonly cache: Uint8Array | undefined;
  readonly options: BootOptions;
  readonly board: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly slot: number;
  readonly generation: number;
  /** It runs a service of the gateway, and nothing else. */
  readonly service: boolean;
  /** See `ThreadOptions.isolated` of executors. */
  readonly isolated: boolean;
}

/** What the receiver thread is started with. */
export interface ReceiverData {
  readonly role: 'receiver';
  readonly program: string;
  readonly cache: Uint8Array | undefined;
  readonly options: BootOptions;
  readonly board: SharedArrayBuffer;
  /** Of the main thread. */
  readonly ring: SharedArrayBuffer;
  readonly port: MessagePort;
  /** Missing: the main thread still reads, and hands over by a message. */
  readonly handover: Handover | undefined;
}

/** What the main thread leaves to the receiver. */
export interface Handover {
  /** What it had read and not used. */
  readonly unread: Uint8Array;
  /** Id of the execution that it has begun already. */
  readonly begun: number | undefined;
}
