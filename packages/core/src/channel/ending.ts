import { ChannelClosedError, withoutReceivers } from '../errors/index.ts';

/**
 * Why a channel, or one direction of it, has ended. The error is made when somebody asks for it: most channels end without anybody asking, and
 * the stack of an error costs more than a message.
 */
export class Ending {
  /** Nothing went wrong. */
  readonly clean: boolean;
  readonly #message: string;
  #error: Error | undefined;

  private constructor(message: string, error: Error | undefined) {
    this.clean = error === undefined;
    this.#message = message;
    if (error !== undefined) this.#error = withoutReceivers(error);
  }

  /** A close that is no failure. */
  static closed(message: string): Ending {
    return new Ending(message, undefined);
  }

  /** The end by an error: of the execution, of the connection, of a callback; or by what somebody gives as the reason for giving up, which may be any value but null. */
  static failed(error: unknown): Ending {
    return new Ending('', error as Error);
  }

  /** The same object each time. */
  get error(): Error {
    this.#error ??= withoutReceivers(new ChannelClosedError(this.#message));
    return this.#error;
  }
}
