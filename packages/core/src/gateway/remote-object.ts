import { Channel, type ChannelState, type Future, future, type Sent, type Wire } from '../channel/index.ts';
import {
  ASYNCHRONOUS_STACKS,
  atCaller,
  checkErrorData,
  dumpedWithin,
  framesOf,
  ProtocolError,
  RemoteError,
  rejectAtCaller,
  stackAbove,
  TimeoutError,
} from '../errors/index.ts';
import { ASYNC_DISPOSE, shownAsText } from '../well-known.ts';

/** The methods of an object at the remote end, as they are called from here. */
export type Exposed<T> = {
  readonly [Name in keyof T as T[Name] extends (...args: never[]) => unknown
    ? Exclude<Name & string, 'then' | 'toJSON'>
    : never]: T[Name] extends (...args: infer Args) => infer Result
    ? (...args: { [At in keyof Args]: Sent<Args[At]> }) => Future<Wire<Awaited<Result>>>
    : never;
} & AsyncDisposable;

/** The time that calls may take which are under way when the object is disposed of, in milliseconds. */
const PATIENCE = 5000;

/** The place of the arguments in a call. */
const ARGUMENTS = '$[2]';

interface Call {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  /** The place where the program made it, if the engine does not know that later. */
  readonly frames: readonly string[] | undefined;
}

/** The place of a call: above which method, and the frames themselves where the engine can't tell them later. */
interface Caller {
  readonly method: (...args: never[]) => unknown;
  readonly frames: readonly string[] | undefined;
}

/** The local side of an object at the remote end, behind its proxy: its channel, and the calls that wait. */
export class RemoteObject {
  readonly #channel: Channel;
  readonly #state: ChannelState;
  readonly #name: string;
  readonly #calls = new Map<number, Call>();
  readonly #methods = new Map<string, (...args: unknown[]) => Future<unknown>>();
  #last = 0;
  #reading = false;
  #disposed: Promise<void> | undefined;

  constructor(channel: Channel, name: string) {
    this.#channel = channel;
    this.#state = Channel.stateOf(channel) as ChannelState;
    this.#name = name;
  }

  /** The proxy, when the object is there. Rejects as `receive` does. */
  async made(): Promise<object> {
    try {
      await this.#channel.receive();
    } catch (error) {
      this.#channel.cancel(error);
      throw error;
    }
    return new Proxy(this, {
      get: (_, name) => this.#property(name),
      set: () => false,
    });
  }

  toString(): string {
    return `<object of ${this.#name}>`;
  }

  static {
    shownAsText(RemoteObject.prototype);
  }

  #property(name: string | symbol): unknown {
    if (name === ASYNC_DISPOSE) return () => this.#dispose();
    if (name === Symbol.toPrimitive) return () => this.toString();
    // it is no promise, and what asks for these by itself must not call them
    if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined;
    const known = this.#methods.get(name);
    if (known) return known;
    const method = (...args: unknown[]): Future<unknown> =>
      // JavaScriptCore leaves no frame of what ends in a call
      this.#call(name, args, {
        method,
        frames: ASYNCHRONOUS_STACKS ? undefined : framesOf(stackAbove(method)),
      });
    this.#methods.set(name, method);
    return method;
  }

  #call(name: string, args: unknown[], { method, frames }: Caller): Future<unknown> {
    const id = ++this.#last;
    return future(
      new Promise((resolve, reject) => {
        const failed = (error: unknown): void => {
          this.#calls.delete(id);
          reject(error);
        };
        this.#calls.set(id, { resolve, reject, frames });
        // as `send`, without a promise for each
        const { link, sender } = this.#state;
        try {
          if (sender.closed) throw sender.closed.error;
          sender.post(link.dump([id, name, args]), link.takeCarried(), { resolve() {}, reject: failed });
        } catch (error) {
          failed(atCaller(dumpedWithin(error, ARGUMENTS), method));
        }
        if (!this.#reading) void this.#read();
      }),
    );
  }

  /** Only while calls wait: an object by itself keeps no program alive. */
  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#calls.size > 0) this.#answered(await this.#channel.receive());
    } catch (error) {
      for (const call of this.#calls.values()) rejectAtCaller(error, call);
      this.#calls.clear();
    }
    this.#reading = false;
  }

  #answered(answer: unknown): void {
    if (!Array.isArray(answer))
      throw new ProtocolError(`${this.#name} was answered with something else than a result`);
    const [id, result, failure] = answer;
    const call = this.#calls.get(id);
    if (!call) return;
    this.#calls.delete(id);
    if (answer.length < 3) call.resolve(result);
    else rejectAtCaller(new RemoteError(checkErrorData(failure), call.frames ?? []), call);
  }

  #dispose(): Promise<void> {
    this.#disposed ??= this.#release();
    return this.#disposed;
  }

  async #release(): Promise<void> {
    const channel = this.#channel;
    const state = this.#state;
    if (state.runs) {
      // what it was cancelled with before
      const reason = state.endReason()?.error;
      channel.end().catch(() => {});
      try {
        await channel.waitClose({ timeout: PATIENCE });
        return;
      } catch (error) {
        if (!(error instanceof TimeoutError) && error !== reason) throw error;
      }
    }
    await channel[Symbol.asyncDispose]();
  }
}
