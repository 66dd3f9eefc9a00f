import streams, { type Duplex, type Readable } from 'node:stream';
import { inspect } from 'node:util';
import {
  type Arrives,
  Channel,
  type ChannelGateway,
  type ChannelState,
  checkTimeout,
  coercionOf,
  coercionPayload,
  type Future,
  future,
  MAX_DELAY,
  type Sendable,
  type Sent,
  type StringCoercion,
  stringsOf,
  type Takes,
  type TakesSecond,
  type Travels,
  type WaitOptions,
  type Wire,
} from '../channel/index.ts';
import { clearTimeout, setTimeout } from '../clock.ts';
import {
  ASYNCHRONOUS_STACKS,
  atCaller,
  ChannelClosedError,
  type ConnectionLostError,
  describeError,
  ExecnetError,
  errorText,
  framesOf,
  ProtocolError,
  RemoteError,
  type RemoteErrorData,
  stackAbove,
  TerminateError,
  TimeoutError,
} from '../errors/index.ts';
import { duplexOf } from '../host/index.ts';
import { Lease, Link } from '../link/index.ts';
import { onAbort } from '../on-abort.ts';
import type { Hello, RemoteInfo } from '../protocol/index.ts';
import type {
  Address,
  Boot,
  Command,
  Connection,
  Host,
  Interpreter,
  OutputStream,
  Service,
  SourceRequest,
} from '../registry/contracts.ts';
import type { Serializer } from '../serializer/types.ts';
import type { Spec } from '../spec/index.ts';
import { checkForCall } from '../stack-room.ts';
import { asyncDisposable, shownAsText } from '../well-known.ts';
import {
  Code,
  codeName,
  EMPTY,
  encodeFrame,
  FRAGMENT_SIZE,
  FrameDecoder,
  int32Payload,
  readInt32,
} from '../wire/index.ts';
import { within } from '../within.ts';
import { connectionLost, howItEnded, toldExit } from './connection-lost.ts';
import { GatewayHost } from './gateway-host.ts';
import { writeStderr } from './own-stderr.ts';
import { Prefixed } from './prefixed.ts';
import { Printed } from './printed.ts';
import { type Exposed, RemoteObject } from './remote-object.ts';
import { type ProcessOptions, RemoteProcess } from './remote-process.ts';
import { RemoteStream } from './remote-stream.ts';
import { sendRequest } from './send-request.ts';
import { requestService, serviceRequest } from './service.ts';
import { describeSource, type RemoteSource } from './source.ts';
import { withPlace } from './syntax-place.ts';
import { trace, traceFrames } from './trace.ts';

const needStack = checkForCall();

/** Options of `remoteExec`. */
export interface ExecOptions {
  /** Cancels the execution when it is aborted, as `channel.cancel(signal.reason)` does. */
  signal?: AbortSignal | undefined;
  /** Names that a function may refer to besides its own: globals that earlier executions have made. */
  globals?: readonly string[] | undefined;
}

/** Options of `call`. */
export interface CallOptions extends ExecOptions, WaitOptions {}

/** Options of `terminate`. */
export interface TerminateOptions {
  /** How long remote code may take to clean up, in milliseconds; then it is killed. Default: 5000. */
  timeout?: number | undefined;
}

/** What a remote end does at the moment. */
export interface RemoteStatus {
  /** Channels open at the remote end. */
  numChannels: number;
  /** Executions that run. */
  numExecuting: number;
  /** Executions that wait for a thread. */
  numQueued: number;
  execmodel: string;
}

/** What a gateway is made of, once the remote end has said hello. */
export interface GatewayParts {
  readonly id: string;
  readonly spec: Spec;
  readonly connection: Connection;
  readonly interpreter: Interpreter;
  readonly execmodel: string;
  readonly serializer: Serializer;
  readonly hello: Hello;
  /** Milliseconds between two pings; without it no lease is held. */
  readonly lease?: number | undefined;
  /** See `Boot.compiled`. */
  readonly compiled?: Boot['compiled'];
}

const DEFAULT_TERMINATE_TIMEOUT = 5000;

/** Answers to a peer are no part of flow control: when it has left so many bytes unread, it gets no more of them. */
const MAX_UNREAD = 1024 * 1024;

/** Time for the remote end to end by itself after its grace, and for that to be seen here, before it is killed from here. */
const KILL_MARGIN = 250;

/** A function that runs with a channel: what it receives is sent here, and the other way round. */
export type RemoteFunctionOf<Receive, Send, Args> = (channel: Channel<Receive, Send>, args: Args) => unknown;

/** {@link RemoteFunctionOf}, as far as types can tell that what it sends and receives travels, and that it receives what it says. */
export type RemoteFunction<Receive, Send, Args> = RemoteFunctionOf<Receive, Send, Args> &
  Travels<Receive> &
  Travels<Send> &
  Arrives<Receive> &
  TakesSecond<Args>;

/** The arguments of remote code and options, in this order; the arguments may be left out where the code takes none. */
export type ArgsAndOptions<Args, Options> = undefined extends Args
  ? [args?: Sent<Args> & Travels<Args>, options?: Options]
  : [args: Sent<Args> & Travels<Args>, options?: Options];

/** The results that the function of `stream` may have. */
export type Streamed<Item> =
  | AsyncIterable<Item>
  | Iterable<Item>
  | Promise<AsyncIterable<Item> | Iterable<Item>>;

/** The result that `call` gets: a generator runs as an operation, under `execmodel=structured`, and its result is what it returns. */
type ResultOf<Result> =
  Result extends Generator<unknown, infer Returned, unknown> ? Returned : Awaited<Result>;

/**
 * The local handle on one interpreter.
 *
 * Made by `makeGateway`. Nothing of it keeps the program alive except what is being waited for.
 */
export class Gateway implements AsyncDisposable {
  /** Unique in its group. */
  readonly id: string;
  readonly spec: Spec;
  readonly #connection: Connection;
  readonly #link: Link;
  readonly #decoder: FrameDecoder;
  readonly #interpreter: Interpreter;
  readonly #execmodel: string;
  readonly #hello: Hello;
  /** For messages: its id, and where it is. */
  readonly #name: string;
  readonly #outputs: Record<OutputStream, Printed> | undefined;
  readonly #stdio: NonNullable<Spec['core']['stdio']>;
  readonly #prefixed: Readonly<Record<OutputStream, Prefixed>> | undefined;
  readonly #ended: Promise<ConnectionLostError>;
  #settleEnded!: (error: ConnectionLostError) => void;
  #goodbye: number | undefined;
  #terminating: Promise<void> | undefined;
  #exiting = false;
  #losing = false;
  readonly #lease: Lease | undefined;
  /** Gateways whose connections go through this one. */
  readonly #carried = new Set<Gateway>();
  #host: GatewayHost | undefined;

  /** Gateways are made by groups; not to be called by users. */
  constructor({
    id,
    spec,
    connection,
    interpreter,
    execmodel,
    serializer,
    hello,
    lease,
    compiled,
  }: GatewayParts) {
    this.id = id;
    this.spec = spec;
    this.#connection = connection;
    this.#interpreter = interpreter;
    this.#execmodel = execmodel;
    this.#hello = hello;
    this.#name = `${id} (${connection.remoteAddress})`;
    this.#stdio = spec.core.stdio ?? 'inherit';
    const prefixed = (): Prefixed => new Prefixed(`[${id}] `, writeStderr);
    this.#prefixed = this.#stdio === 'prefix' ? { stdout: prefixed(), stderr: prefixed() } : undefined;
    this.#outputs = this.#stdio === 'pipe' ? { stdout: new Printed(), stderr: new Printed() } : undefined;
    this.#ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.#link = new Link({
      name: this.#name,
      gateway: this as ChannelGateway,
      local: true,
      ids: { first: 1, step: 2 },
      serializer,
      flow: true,
      control: (code, channel, payload) => this.#control(code, channel, payload),
      port: {
        write: (batch, body) => {
          connection.write(batch);
          if (body) connection.write(body);
        },
        reuse: false,
        drained: (tolerated) => (connection.queued > tolerated ? connection.drained() : undefined),
        ref: () => connection.ref(),
        unref: () => connection.unref(),
        blocked: false,
        streams: () => streams,
        warn: (message, error) =>
          process.emitWarning(
            `${message}\n${errorText(error instanceof RemoteError ? error : describeError(error))}`,
            'ExecnetWarning',
          ),
      },
    });
    const link = this.#link;
    let first = true;
    this.#decoder = new FrameDecoder(
      (code, channel, payload, owned) => {
        trace?.(id, 'received', codeName(code), `channel ${channel}`, `${payload.length} bytes`);
        if (first) {
          first = false;
          if (code === Code.COMPILED) {
            compiled?.(payload.slice());
            return;
          }
        }
        link.handle(code, channel, payload, owned);
      },
      { maxData: FRAGMENT_SIZE, target: (code, channel, length) => link.target(code, channel, length) },
    );
    if (trace) traceFrames(id, link, trace);
    if (lease !== undefined) {
      this.#lease = new Lease(lease, {
        // a peer that does not read needs no further question
        ping: () => {
          if (connection.queued < MAX_UNREAD) connection.write(encodeFrame(Code.PING, 0, EMPTY));
        },
        expired: () => this.#expired(lease),
      });
    }
  }

  // --- running code

  /**
   * Runs code at the remote end and returns the channel to it at once.
   *
   * `source` is a function `(channel, args) => …`, sync or async; source text with `channel` and `args` in scope, in which `await` works; or
   * the `file:` URL of a module whose default export is such a function, or the export that is named behind `#`. Where the interpreter runs another language, the text and the module are
   * of that language, and its package says how its functions are named. The channel closes when the code has ended, with its error if it
   * failed. Throws before anything is sent: a function that refers to outer variables is `ERR_EXECNET_IMPURE_FUNCTION`, arguments that can't
   * travel are a `DumpError`, a gateway that has ended throws its `ConnectionLostError`.
   *
   * @typeParam Receive - what the code sends; it arrives here as `Wire<Receive>`
   * @typeParam Send - what the code receives
   */
  remoteExec<Receive = unknown, Send = unknown>(
    source: string | URL,
    args?: unknown,
    options?: ExecOptions,
  ): Channel<Wire<Receive>, Sent<Send>>;
  remoteExec<Receive = unknown, Send = unknown, Args = undefined>(
    source: RemoteFunction<Send, Receive, Args>,
    ...rest: ArgsAndOptions<NoInfer<Args>, ExecOptions>
  ): Channel<Wire<Receive>, Sent<Send>>;
  remoteExec<Receive = unknown, Send = unknown, Args = undefined>(
    source: RemoteFunction<Send, Receive, Args>,
    ...rest: ArgsAndOptions<Args, ExecOptions>
  ): Channel<Wire<Receive>, Sent<Send>>;
  remoteExec(source: RemoteSource, args?: unknown, options: ExecOptions = {}): Channel {
    const channel = this.#execute(source, 'function', { args, options, calledBy: this.remoteExec });
    return this.#withSignal(channel, options);
  }

  #withSignal(channel: Channel, { signal }: ExecOptions): Channel {
    if (!signal) return channel;
    // the signal may live longer than the channel is held
    const state = Channel.stateOf(channel) as ChannelState;
    state.overHook = onAbort(signal, () => state.giveUp(signal.reason));
    return channel;
  }

  /**
   * Runs a function at the remote end and resolves with its result: a function of this program; one of a module by its `file:` URL, the default export or
   * that which is named behind `#`; where the interpreter runs another language, also one of that language by its name. Rejects with the `RemoteError` it failed with, with `TimeoutError` or the
   * reason of `signal`, which also cancel it, or with `ConnectionLostError`; and with what `remoteExec` throws.
   */
  call<Result = unknown>(name: string | URL, args?: unknown, options?: CallOptions): Future<Wire<Result>>;
  call<Result, Args = undefined>(
    fn: ((args: Args) => Result) & Travels<ResultOf<Result>> & Takes<Args>,
    ...rest: ArgsAndOptions<NoInfer<Args>, CallOptions>
  ): Future<Wire<Awaited<Result>>>;
  call<Result, Args = undefined>(
    fn: ((args: Args) => Result) & Travels<ResultOf<Result>> & Takes<Args>,
    ...rest: ArgsAndOptions<Args, CallOptions>
  ): Future<Wire<Awaited<Result>>>;
  call(
    source: RemoteSource,
    args?: unknown,
    { timeout, signal, globals }: CallOptions = {},
  ): Future<unknown> {
    let channel: Channel;
    try {
      checkTimeout(timeout);
      signal?.throwIfAborted();
      channel = this.#execute(source, 'call', { args, options: { globals }, calledBy: this.call });
    } catch (error) {
      return future(Promise.reject(error));
    }
    const received = channel.receive(
      timeout === undefined && signal === undefined ? undefined : { timeout, signal },
    );
    let open = true;
    const result = received.then(
      (value) => {
        open = false;
        return value;
      },
      (error: unknown) => {
        open = false;
        channel.cancel(error);
        if (error instanceof TimeoutError) throw this.#late(showCall(source), timeout);
        if (error instanceof ChannelClosedError)
          throw new ChannelClosedError(
            `${showCall(source)} on ${this.#name} ended without a result: the code has left it, as by sys.exit(0)`,
          );
        throw error;
      },
    );
    // who gives the result up gives the execution up
    return future(result, {
      observe: () => false,
      unobserve: () => {
        if (open) channel.cancel();
      },
    });
  }

  /**
   * Runs a function at the remote end and gives what it yields, as it comes: an async generator function, or one that returns anything that can be iterated. The
   * other end is ahead of the reader by the window of a channel, and waits then. Leaving the loop cancels it, and waits until it is over: its `finally` blocks run
   * when it comes to its next `yield`. Where the interpreter runs another language, a function of that language by its name, or by the URL of its module.
   *
   * Throws what `remoteExec` throws; a loop over it rejects as {@link RemoteStream.next} does.
   */
  stream<Item = unknown>(name: string | URL, args?: unknown, options?: ExecOptions): RemoteStream<Wire<Item>>;
  stream<Item, Args = undefined>(
    fn: ((args: Args) => Streamed<Item>) & Travels<Awaited<Item>> & Takes<Args>,
    ...rest: ArgsAndOptions<NoInfer<Args>, ExecOptions>
  ): RemoteStream<Wire<Awaited<Item>>>;
  stream<Item, Args = undefined>(
    fn: ((args: Args) => Streamed<Item>) & Travels<Awaited<Item>> & Takes<Args>,
    ...rest: ArgsAndOptions<Args, ExecOptions>
  ): RemoteStream<Wire<Awaited<Item>>>;
  stream(source: RemoteSource, args?: unknown, options: ExecOptions = {}): RemoteStream<unknown> {
    const channel = this.#execute(source, 'stream', { args, options, calledBy: this.stream });
    return new RemoteStream(
      this.#withSignal(channel, options),
      options.signal,
      `${showCall(source)} on ${this.#name}`,
    );
  }

  /**
   * Runs a function at the remote end, keeps the object that it gives there, and resolves with a proxy that has the object's methods. A call sends its arguments
   * and resolves with the result, or rejects with the `RemoteError` of the method, as {@link call} does. Calls begin there in the order in which they are made; where
   * methods are asynchronous they overlap. Where the interpreter runs another language, a class or a function of that language by its name, or by the URL of its module.
   *
   * `await using`, or its `[Symbol.asyncDispose]()`, ends it: calls that were made before come to their end, and are cancelled after 5000 ms, as `Channel.cancel` does; then the
   * object's own `[Symbol.asyncDispose]` or `[Symbol.dispose]` runs, in Python its `__exit__`. Rejects with what that fails with. The object is an execution: it holds the thread
   * that the execution model gives to one, of which a remote end has `threads=` at most, so that more objects wait for others to end. It ends with the gateway, when `signal` is
   * aborted, and some time after the program has dropped the proxy. Methods named `then` and `toJSON` can't be called.
   *
   * Throws what `remoteExec` throws; rejects with the `RemoteError` that the function failed with.
   */
  expose<T = Record<string, (...args: unknown[]) => unknown>>(
    name: string | URL,
    args?: unknown,
    options?: ExecOptions,
  ): Promise<Exposed<T>>;
  expose<T, Args = undefined>(
    fn: ((args: Args) => T) & Takes<Args>,
    ...rest: ArgsAndOptions<NoInfer<Args>, ExecOptions>
  ): Promise<Exposed<Awaited<T>>>;
  expose<T, Args = undefined>(
    fn: ((args: Args) => T) & Takes<Args>,
    ...rest: ArgsAndOptions<Args, ExecOptions>
  ): Promise<Exposed<Awaited<T>>>;
  expose(source: RemoteSource, args?: unknown, options: ExecOptions = {}): Promise<object> {
    const channel = this.#execute(source, 'expose', { args, options, calledBy: this.expose });
    return new RemoteObject(
      this.#withSignal(channel, options),
      `${showCall(source)} on ${this.#name}`,
    ).made();
  }

  /**
   * Starts a program at the remote end, as `child_process.spawn` does here, and resolves when it has started. No shell is between. It is a service, no execution: it
   * works while code of the gateway is busy, under every execution model, and is not counted in `numExecuting`; what is left of its process group is killed when it has ended, and
   * when the gateway ends, however that comes.
   *
   * Rejects with `ERR_EXECNET_INTERPRETER_NOT_FOUND` where there is no such program, `ERR_EXECNET_CHDIR` where there is no such folder, other codes of a failed start (docs: Errors),
   * `ERR_EXECNET_UNSUPPORTED` on Jython, the reason of `signal`, or `ConnectionLostError`.
   */
  async spawn(
    file: string,
    args: readonly string[] = [],
    { cwd, env = {}, nice, signal }: ProcessOptions = {},
  ): Promise<RemoteProcess> {
    const command: Command = {
      file,
      args: args.map(String),
      env: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      ...(cwd === undefined ? {} : { cwd, cwdMustExist: true }),
      ...(nice === undefined ? {} : { nice }),
      descriptors: { input: 0, output: 1 },
    };
    try {
      const connection = await this.#ownHost.start(command, signal ? { signal } : {});
      return new RemoteProcess(connection, `${file} on ${this.#name}`, signal);
    } catch (error) {
      throw atCaller(error, this.spawn);
    }
  }

  /**
   * Opens a stream to a TCP port or a unix-domain socket as the remote end sees it: names are resolved there. A service, as {@link spawn}. Each direction ends by itself, as with
   * `allowHalfOpen` of `net`; when both have ended, the stream closes once all that was written has been passed on. Destroying it closes the connection at once; it fails with what
   * the connection fails with (`ECONNRESET`), and when the gateway ends, with `ERR_EXECNET_TERMINATED` or `ConnectionLostError`.
   *
   * Rejects with `ERR_EXECNET_REFUSED`, `ERR_EXECNET_HOST_NOT_FOUND`, `ERR_EXECNET_UNREACHABLE`, `ERR_EXECNET_CONNECT_TIMEOUT`, `ERR_EXECNET_UNSUPPORTED` on Jython, the reason of
   * `signal`, or `ConnectionLostError`.
   */
  async connect(address: Address, { timeout, signal }: WaitOptions = {}): Promise<Duplex> {
    const limit = checkTimeout(timeout);
    checkAddress(address);
    try {
      const connection = await this.#ownHost.dial(address, {
        ...(limit === undefined ? {} : { timeout: limit }),
        ...(signal ? { signal } : {}),
      });
      return duplexOf(connection);
    } catch (error) {
      throw atCaller(error, this.connect);
    }
  }

  /**
   * Starts a service of a package, and resolves with the channel to it when the remote end has been asked for that; what fails there is told on the channel. For packages,
   * which offer their users calls of their own. It ends when its program is over, when the channel is cancelled, `signal` is aborted, or the gateway ends; that the channel is
   * closed is for the program to notice.
   *
   * Rejects with `ERR_EXECNET_UNSUPPORTED` if the service has no program for the interpreter of this gateway, a `DumpError` if `args` can't be sent, the reason of `signal`,
   * `ConnectionLostError`, or what the service fails to make its program for.
   *
   * @typeParam Receive - what the program sends; it arrives here as `Wire<Receive>`
   * @typeParam Send - what is sent to it
   */
  async startService<Receive = unknown, Send = unknown>(
    service: Service,
    args?: unknown,
    options: Pick<ExecOptions, 'signal'> = {},
  ): Promise<Channel<Wire<Receive>, Send>> {
    options.signal?.throwIfAborted();
    const { family } = this.#interpreter;
    try {
      const request = await serviceRequest(service, args, { family, place: this.#name });
      options.signal?.throwIfAborted();
      this.#link.check();
      const channel = requestService(this.#link, request);
      this.#link.flush();
      return this.#withSignal(channel, options) as Channel<Wire<Receive>, Sendable<Send>>;
    } catch (error) {
      throw atCaller(error, this.startService);
    }
  }

  #execute(
    source: RemoteSource,
    kind: SourceRequest['kind'],
    { args, options, calledBy }: { args: unknown; options: ExecOptions; calledBy: Method },
  ): Channel {
    const { signal, globals } = options;
    signal?.throwIfAborted();
    needStack();
    const interpreter = this.#interpreter;
    let channel: Channel;
    try {
      this.#link.check();
      const request = interpreter.request?.({ kind, source, args }) ?? {
        ...describeSource(source, kind, { interpreterGlobals: interpreter.globals, globals, calledBy }),
        args,
      };
      channel = sendRequest(this.#link, Code.CHANNEL_EXEC, request);
    } catch (error) {
      throw atCaller(error, calledBy);
    }
    const state = Channel.stateOf(channel) as ChannelState;
    state.failure = failureOf(interpreter.request ? undefined : source, calledBy);
    return channel;
  }

  /**
   * A new channel, which becomes useful when it is sent to remote code over another.
   *
   * @typeParam Receive - what the other end sends; it arrives here as `Wire<Receive>`
   * @typeParam Send - what is sent from here
   */
  newChannel<Receive = unknown, Send = unknown>(): Channel<Wire<Receive>, Sendable<Send>> {
    this.#check(this.newChannel);
    return this.#link.channels.create() as Channel<Wire<Receive>, Send>;
  }

  /** Throws the end of the gateway, if it has ended. */
  #check(calledBy: Method): void {
    try {
      this.#link.check();
    } catch (error) {
      throw atCaller(error, calledBy);
    }
  }

  // --- asking

  /** What the remote end does at the moment; it answers whatever its code is doing. Rejects like `receive`. */
  async remoteStatus(options?: WaitOptions): Promise<RemoteStatus> {
    return (await this.#ask(EMPTY, options, this.remoteStatus)) as RemoteStatus;
  }

  /** What the remote end runs on; the working folder is that of now. Rejects like `receive`. */
  async remoteInfo(options?: WaitOptions): Promise<RemoteInfo> {
    return (await this.#ask(new Uint8Array([1]), options, this.remoteInfo)) as RemoteInfo;
  }

  #late(what: string, timeout: number | undefined): TimeoutError {
    return new TimeoutError(`${what} on ${this.#name} took longer than ${timeout} ms`);
  }

  async #ask(question: Uint8Array, options: WaitOptions | undefined, calledBy: Method): Promise<unknown> {
    this.#check(calledBy);
    const channel = this.#link.channels.create();
    // what the user wants of strings is no matter of ours
    (Channel.stateOf(channel) as ChannelState).strings = undefined;
    this.#link.writeFrame(Code.STATUS, channel.id, question);
    try {
      return await channel.receive(options);
    } catch (error) {
      throw error instanceof TimeoutError ? this.#late(`${calledBy.name}()`, options?.timeout) : error;
    } finally {
      channel.close();
    }
  }

  /** What the remote end said of itself at its start. */
  get peer(): Readonly<RemoteInfo> {
    return this.#hello;
  }

  /** How strings of Python 2 and 3 are translated on channels made from now on; see also `Channel.reconfigure`. */
  reconfigure(options: StringCoercion): void {
    this.#link.check();
    this.#link.reconfigure(0, stringsOf(options));
    this.#link.writeFrame(Code.RECONFIGURE, 0, coercionPayload(options));
  }

  /** The machine of the remote end as a place where transports act: what `via=` names. */
  get host(): Host {
    return this.#ownHost;
  }

  get #ownHost(): GatewayHost {
    this.#host ??= new GatewayHost({
      id: this.id,
      fullName: this.#name,
      link: this.#link,
      interpreter: this.#interpreter,
      hello: this.#hello,
    });
    return this.#host;
  }

  /** Where the other end is, for people: `popen:4711`. */
  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  /** The connection is open. */
  get hasReceiver(): boolean {
    return this.#link.ended === undefined;
  }

  /**
   * What remote code prints to stdout; with `stdio=pipe` only. While nobody reads it, code that prints waits. Over ssh it can't be held
   * back: 4 MiB are kept there, and a line says how much was dropped.
   */
  get stdout(): Readable | undefined {
    return this.#outputs?.stdout.stream;
  }

  /** What remote code prints to stderr; with `stdio=pipe` only, see {@link stdout}. */
  get stderr(): Readable | undefined {
    return this.#outputs?.stderr.stream;
  }

  // --- the end

  /** Asks the remote end to end and returns at once; `join` waits for it. Idempotent. */
  exit(): void {
    this.#requestEnd(DEFAULT_TERMINATE_TIMEOUT);
  }

  /** Resolves when the remote end is gone, however that came. Rejects with `TimeoutError` or the reason of `signal`. */
  async join(options: WaitOptions = {}): Promise<void> {
    const timeout = checkTimeout(options.timeout);
    options.signal?.throwIfAborted();
    this.#link.hold();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let heedNoMore: (() => void) | undefined;
    try {
      const inTime = await new Promise<boolean>((resolve, reject) => {
        void this.#ended.then(() => resolve(true));
        if (timeout !== undefined) timer = setTimeout(() => resolve(false), timeout);
        const { signal } = options;
        if (signal) heedNoMore = onAbort(signal, () => reject(signal.reason));
      });
      if (!inTime) throw this.#late('join()', timeout);
    } finally {
      clearTimeout(timer);
      heedNoMore?.();
      this.#link.release();
    }
  }

  /**
   * Ends the remote end for certain: its code is cancelled and may clean up until `timeout`, then everything is killed, child processes
   * included. Gateways that were made through this one (`via=`) are terminated first, within a timeout of their own. Resolves when nothing is
   * left; rejects with a `TerminateError` that names what is. Idempotent: the first call decides.
   */
  terminate({ timeout }: TerminateOptions = {}): Promise<void> {
    const limit = timeout === undefined ? DEFAULT_TERMINATE_TIMEOUT : (checkTimeout(timeout) ?? MAX_DELAY);
    this.#terminating ??= this.#terminate(limit);
    return this.#terminating;
  }

  async #terminate(timeout: number): Promise<void> {
    this.#link.hold();
    const carried = await Promise.allSettled(
      [...this.#carried].map((gateway) => gateway.terminate({ timeout })),
    );
    try {
      this.#requestEnd(timeout);
      // what it still prints is not to hold it up
      this.#outputs?.stdout.ending();
      this.#outputs?.stderr.ending();
      await within(this.#ended, Math.min(MAX_DELAY, timeout + KILL_MARGIN));
      // also when it ended by itself: only abort sees to it that nothing of its group is left
      await this.#connection.abort(this.#wanted());
      await this.#ended;
      // what it carried may have left something that went with it, or not: who can't tell must say so
      for (const end of carried) if (end.status === 'rejected') throw end.reason;
    } catch (error) {
      if (error instanceof TerminateError)
        throw new TerminateError(`${this.id}: ${error.message}`, error.remains, { cause: error });
      throw error;
    } finally {
      this.#link.release();
    }
  }

  /** Why it ends, if this program wanted that. */
  #wanted(): ExecnetError | undefined {
    if (!this.#exiting) return undefined;
    const call = this.#terminating ? 'terminate' : 'exit';
    return new ExecnetError('ERR_EXECNET_TERMINATED', `${call}() was called`);
  }

  #requestEnd(grace: number): void {
    if (this.#exiting || this.#link.ended) return;
    this.#exiting = true;
    this.#link.writeFrame(Code.GATEWAY_TERMINATE, 0, int32Payload(Math.min(grace, MAX_DELAY)));
    this.#link.flush();
  }

  /** Calls `then` when the remote end is gone, at once in the turn in which its channels end. For groups. */
  whenEnded(then: () => void): void {
    void this.#ended.then(then);
  }

  /** Kills the remote end at once, without waiting for anything: for exit handlers. */
  kill(): void {
    this.#connection.abort().catch(() => {});
  }

  /** Terminates with the default timeout. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate();
  }

  toString(): string {
    const state = this.#link.ended ? 'not receiving' : 'receive-live';
    return `<Gateway id='${this.id}' ${state}, ${this.#execmodel} model, ${this.#link.channels.size} active channels>`;
  }

  static {
    shownAsText(Gateway.prototype);
    asyncDisposable(Gateway.prototype);
  }

  /** Takes note of a gateway whose connection goes through this one: it is to be terminated first. For the one who opened it. */
  carries(gateway: Gateway): void {
    this.#carried.add(gateway);
    gateway.whenEnded(() => this.#carried.delete(gateway));
  }

  // --- what the connection brings; for the one who opened it

  /** Bytes of the protocol. */
  data(chunk: Uint8Array): void {
    if (this.#link.ended || this.#losing) return;
    this.#lease?.heard();
    try {
      // a Buffer's slice() is no copy: an item that waits would keep the whole chunk in which it came
      this.#decoder.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    } catch (error) {
      trace?.(this.id, 'protocol error', (error as Error).message);
      this.#link.end(connectionLost(this.#name, { stderr: '' }, error as Error));
      void this.#connection.abort(error as Error).catch(() => {});
    }
  }

  /** What the remote end printed. A promise if it is to wait before it prints more. */
  output(stream: OutputStream, chunk: Uint8Array): Promise<void> | undefined {
    if (this.#stdio === 'inherit') writeStderr(chunk);
    this.#prefixed?.[stream].take(chunk);
    return this.#outputs?.[stream].take(chunk);
  }

  /** Nothing more will come. */
  async end(reason?: Error): Promise<void> {
    if (this.#losing) return;
    this.#losing = true;
    this.#lease?.end();
    const exit = toldExit(await howItEnded(this.#connection), this.#goodbye);
    this.#finish(connectionLost(this.#name, exit, reason ?? exit.error ?? this.#wanted()));
  }

  /** The other end, or the way to it, has gone without a word. Who waits hears of it now, whatever tearing down takes. */
  #expired(interval: number): void {
    const reason = new ExecnetError(
      'ERR_EXECNET_LEASE',
      `nothing was heard of it for ${(3 * interval) / 1000} s (keepalive=${interval / 1000}): the network or the machine is gone, or stopped`,
    );
    const error = connectionLost(this.#name, { stderr: '' }, reason);
    this.#losing = true;
    this.#finish(error);
    void this.#connection.abort(reason).catch(() => {});
  }

  #finish(error: ConnectionLostError): void {
    trace?.(this.id, 'ended', error.message);
    this.#link.end(error);
    for (const outputs of [this.#outputs, this.#prefixed]) {
      outputs?.stdout.end();
      outputs?.stderr.end();
    }
    this.#settleEnded(error);
  }

  #control(code: number, id: number, payload: Uint8Array): boolean {
    switch (code) {
      case Code.PING:
        // a peer that does not read needs no sign of life: it has more than that to read already
        if (this.#connection.queued < MAX_UNREAD) this.#connection.write(encodeFrame(Code.PONG, id, payload));
        return true;
      case Code.PONG:
        return true;
      case Code.GOODBYE:
        this.#goodbye = payload.length === 4 ? readInt32(payload, 0) : undefined;
        return true;
      case Code.RECONFIGURE:
        // Python's code may say for its channel what it wants of both ends
        this.#link.reconfigure(id, stringsOf(coercionOf(payload)));
        return true;
      case Code.CHANNEL_EXEC:
        if (this.#connection.queued >= MAX_UNREAD)
          throw new ProtocolError('the remote end asks for executions and does not read the answers');
        this.#link.refuseExecution(id);
        return true;
      default:
        return false;
    }
  }
}

/** A call, for messages. */
function showCall(source: RemoteSource): string {
  const name = typeof source === 'function' ? source.name : String(source);
  return name === '' ? 'a call' : `the call of ${name}`;
}

/** A public method, above which stacks begin. */
type Method = (...args: never[]) => unknown;

/** Makes what makes the error of an execution. Apart, so that it holds nothing that would keep the channel from being collected. `source`: what may have syntax errors. */
function failureOf(
  source: RemoteSource | undefined,
  calledBy: Method,
): (error: RemoteErrorData) => RemoteError {
  const here = ASYNCHRONOUS_STACKS ? undefined : stackAbove(calledBy);
  return (error) =>
    new RemoteError(source === undefined ? error : withPlace(source, error), here && framesOf(here));
}

function checkAddress(address: Address): void {
  const { host, port, path } = address ?? {};
  const is =
    path === undefined ? typeof host === 'string' && Number.isInteger(port) : typeof path === 'string';
  if (!is || (port !== undefined && !(port >= 0 && port <= 65_535)))
    throw new TypeError(
      `an address is { host, port }, with a port from 0 to 65535, or { path }, not ${inspect(address)}`,
    );
}
