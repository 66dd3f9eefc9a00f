import { ChannelClosedError, withoutReceivers } from '../errors/index.ts';

const told = new WeakMap<object, object>();

/** The channel whose end an error tells of, if it is one of those. */
export function channelEndedBy(error: unknown): object | undefined {
  return typeof error === 'object' && error !== null ? told.get(error) : undefined;
}

/**
 * Why a channel, or one direction of it, has ended. The error is made when somebody asks for it: most channels end without anybody asking, and
 * the stack of an error costs more than a message.
 */
export class Ending {
  /** Nothing went wrong. */
  readonly clean: boolean;
  readonly #message: string;
  readonly #channel: object | undefined;
  #error: Error | undefined;

  private constructor(message: string, error: Error | undefined, channel: object | undefined) {
    this.clean = error === undefined;
    this.#message = message;
    this.#channel = channel;
    if (error !== undefined) this.#error = this.#made(error);
  }

  /** A close that is no failure. */
  static closed(message: string, channel: object): Ending {
    return new Ending(message, undefined, channel);
  }

  /** The end by an error: of the execution, of the connection, of a callback; or by what somebody gives as the reason for giving up, which may be any value but undefined. `channel`: if the error is of that one alone. */
  static failed(error: unknown, channel?: object): Ending {
    return new Ending('', error as Error, channel);
  }

  /** The same object each time. */
  get error(): Error {
    if (!this.clean) return this.#error as Error;
    this.#error ??= this.#made(new ChannelClosedError(this.#message));
    return this.#error;
  }

  #made(error: Error): Error {
    if (this.#channel && typeof error === 'object' && error !== null) told.set(error, this.#channel);
    return withoutReceivers(error);
  }
}
