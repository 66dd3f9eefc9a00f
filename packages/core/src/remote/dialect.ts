import type { RemoteErrorData } from '../errors/index.ts';
import type { Link } from '../link/index.ts';
import type { BootOptions, ExecRequest } from '../protocol/index.ts';
import type { Serializer } from '../serializer/types.ts';
import type { RawIo } from './raw-io.ts';
import type { RouterOptions, Routing } from './router.ts';

/** What STATUS asks for. */
export interface Counts {
  readonly numChannels: number;
  readonly numExecuting: number;
  readonly numQueued: number;
  readonly execmodel: string;
}

/** The answer to a frame: true if it was answered, or can be left unanswered. */
export type Early = (code: number, id: number, payload: Uint8Array) => boolean;

/**
 * What depends on who has started the remote end: a local end of ours, or a master that speaks plain execnet. The entry of a program chooses
 * one for all its threads, so that no program carries what only the other needs.
 */
export interface Dialect {
  /** Both ends grant credit, and BIND announces channels. */
  readonly flow: boolean;
  /** Bytes of the largest CHANNEL_DATA. */
  readonly maxData: number;
  /** Whoever started it ends what it leaves behind, and closes its input only to say that the connection is lost. */
  readonly watched: boolean;
  /** What executions may use to come to their end when GATEWAY_TERMINATE names no time, in milliseconds. */
  readonly grace: number;
  serializer(): Serializer;
  /** What brings frames to the threads that they are for. */
  router(options: RouterOptions): Routing;
  /** What the main thread says to frames before there is a receiver; the first that it does not answer starts one. */
  early(io: RawIo, options: BootOptions): Early;
  /** The item that answers STATUS. */
  status(question: Uint8Array, counts: Counts): unknown;
  /** What CHANNEL_EXEC asks to run. Throws if that can't be told. */
  request(loaded: unknown): ExecRequest;
  /** What its sender is told if the text of a request can't be compiled. */
  uncompiled(error: unknown): unknown;
  /** The item of CHANNEL_CLOSE_ERROR. */
  error(error: RemoteErrorData): unknown;
  /** The last frame before the process ends by itself, if the dialect has one. */
  goodbye(code: number): Uint8Array | undefined;
  /** Frames that answer a request to execute which needs no thread. */
  answer?(id: number, request: Uint8Array): Uint8Array | undefined;
  /** RECONFIGURE for the link of a thread, or one of its channels. */
  reconfigure?(link: Link, id: number, payload: Uint8Array): void;
}
