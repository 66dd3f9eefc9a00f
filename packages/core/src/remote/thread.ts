import { ByteChannel, Channel, type ChannelState, channelEndedBy } from '../channel/index.ts';
import { setImmediate } from '../clock.ts';
import { CancelledError, ConnectionLostError } from '../errors/index.ts';
import { Link } from '../link/index.ts';
import { promised } from '../promised.ts';
import type { ExecRequest } from '../protocol/index.ts';
import { Code, FrameDecoder } from '../wire/index.ts';
import { type Board, BoardWord } from './board.ts';
import { Compiler, type Remote } from './compile.ts';
import { Contexts, cheapContexts } from './contexts.ts';
import type { Dialect } from './dialect.ts';
import type { CreateRunner, Runner, Running } from './executor.ts';
import { evaluateModel } from './model-program.ts';
import type { Output } from './output.ts';
import type { Port } from './port.ts';
import { type Ring, Word } from './ring.ts';
import { runtime } from './runtime.ts';
import type { RelayTools } from './service.ts';
import { idsOf } from './slots.ts';
import { type ThreadMessage, ThreadPort } from './thread-port.ts';

interface Execution {
  readonly channel: Channel;
  readonly state: ChannelState;
  /** What a runner runs. */
  running?: Running;
}

/** Deeper causes of an error are not looked at. */
const MAX_CAUSES = 16;

const SETTLED = Promise.resolve();

/** What a runner may use to clean up after an execution that was cancelled, in milliseconds. Whoever terminates names a grace of his own. */
const GRACE = 1000;

export interface ThreadOptions {
  /** Id of the gateway. */
  readonly gateway: string;
  readonly slot: number;
  /** Where this thread begins to number its channels; differs between threads that have the slot one after the other. */
  readonly generation: number;
  readonly ring: Ring;
  readonly board: Board;
  readonly output: Output;
  readonly receiver: Port;
  readonly evaluate: (text: string) => unknown;
  /** Ends the process with a code; an isolated thread itself. */
  readonly exit: (code: number) => void;
  readonly isolated?: boolean;
  /** Text of the program of the model's runner, if it has one. */
  readonly runner?: string | undefined;
  readonly dialect: Dialect;
}

/** A thread that executes code: a link of its own, and the executions that the receiver gives it. */
export class ExecutingThread {
  readonly link: Link;
  readonly #port: ThreadPort;
  readonly #ring: Ring;
  readonly #board: Board;
  readonly #compiler: Compiler;
  readonly #dialect: Dialect;
  readonly #exit: (code: number) => void;
  readonly #isolated: boolean;
  readonly #executions = new Map<number, Execution>();
  readonly #contexts: Contexts<Execution> | undefined;
  /** The errors that were thrown into executions to stop them. */
  readonly #cancellations = new WeakSet<object>();
  #hasCancelled = false;
  readonly #runner: Runner | undefined;
  /** An error that nobody caught is being told. What arrives may have this thread end, which has to end more than itself first. */
  #failing = false;
  #stopping: Error | undefined;

  constructor({
    gateway,
    slot,
    generation,
    ring,
    board,
    output,
    receiver,
    evaluate,
    exit,
    isolated = false,
    runner,
    dialect,
  }: ThreadOptions) {
    const contexts = runner !== undefined || cheapContexts() ? new Contexts<Execution>() : undefined;
    this.#contexts = contexts;
    if (runner !== undefined && contexts) this.#runner = this.#createRunner(runner, contexts);
    this.#dialect = dialect;
    this.#ring = ring;
    this.#board = board;
    this.#compiler = new Compiler(evaluate);
    this.#exit = exit;
    this.#isolated = isolated;
    this.#port = new ThreadPort(ring, output, receiver, {
      interrupted: () => this.#stopping ?? this.#current?.state.cancelled,
      alone: () => this.#executions.size <= 1,
    });
    this.link = new Link({
      name: 'this gateway',
      local: false,
      gateway: {
        id: gateway,
        newChannel: () => {
          const channel = this.link.channels.create();
          // who ends the thread closes what it had
          Atomics.add(ring.words, Word.MADE, 1);
          return channel as never;
        },
      },
      ids: idsOf(generation, slot),
      serializer: dialect.serializer(),
      error: dialect.error,
      port: this.#port,
      control: (code, id, payload) => this.#control(code, id, payload),
      flow: dialect.flow,
      ...(contexts && { bind: (fn) => contexts.bind(fn) }),
      forgotten: (id) => {
        // what runs on may still be cancelled
        if (!this.#executions.has(id)) this.#port.unroute(id);
        // nobody can reach it any more
        if (isolated && this.#executions.size === 0 && this.link.channels.size === 0)
          this.#port.tell({ kind: 'idle' });
      },
    });
    this.#port.start(
      new FrameDecoder((code, id, payload, owned) => this.link.handle(code, id, payload, owned), {
        maxData: dialect.maxData,
        target: (code, id, length) => this.link.target(code, id, length),
      }),
    );
  }

  /** Runs one request; its channel has the id of the frame. The receiver has counted it already. */
  execute(id: number, payload: Uint8Array): void {
    this.#run(id, this.#begin(id), payload);
  }

  /** Makes the channel of an execution known: what follows the request finds it, also when its code runs later. */
  #begin(id: number): Channel {
    this.#port.countedOne();
    const channel = this.link.channels.begin(id);
    const state = Channel.stateOf(channel) as ChannelState;
    this.#executions.set(id, { channel, state });
    if (this.#stopping) this.#interrupt(state, this.#stopping);
    return channel;
  }

  #createRunner(text: string, contexts: Contexts<Execution>): Runner {
    return evaluateModel<CreateRunner>(
      text,
      'createRunner',
    )({
      bind: (fn) => {
        const bound = contexts.bind(fn);
        return (...args) => {
          // user code must not run inside a blocking call of other user code
          if (this.#port.blocked) setImmediate(bound, ...args);
          else bound(...args);
        };
      },
    });
  }

  /** The execution that the code which runs now belongs to, as far as the interpreter knows, or as there is but one. */
  get #current(): Execution | undefined {
    const current = this.#contexts?.current;
    if (current) return this.#executions.get(current.state.id) === current ? current : undefined;
    return this.#executions.size === 1 ? this.#executions.values().next().value : undefined;
  }

  #run(id: number, channel: Channel, payload: Uint8Array): void {
    const contexts = this.#contexts;
    try {
      // binaries among the arguments may keep the memory that they came in
      const request = this.#dialect.request(this.link.load(payload.slice()));
      const remote = this.#compile(request);
      const tools: RelayTools | undefined =
        request.kind === 'service'
          ? { flush: () => this.link.flush(), bytes: (one) => new ByteChannel(one) }
          : undefined;
      const code = (): unknown =>
        tools ? remote(channel, request.args, tools) : remote(channel, request.args);
      const answers = request.kind === 'call' || request.as === 'call';
      const execution = this.#executions.get(id);
      if (contexts && execution) contexts.run(execution, () => this.#start(id, code, answers));
      else this.#start(id, code, answers);
    } catch (error) {
      this.#over(id, { error });
    }
  }

  #compile(request: ExecRequest): Remote {
    try {
      return this.#compiler.compile(request);
    } catch (error) {
      throw this.#dialect.uncompiled(error);
    }
  }

  #start(id: number, code: () => unknown, answers: boolean): void {
    const failed = (error: unknown): void => this.#over(id, { error });
    const finished = (value: unknown): void => {
      const refusal = unrunnable(value);
      if (refusal) failed(new TypeError(refusal));
      else if (answers) this.#answer(id, value);
      else this.#over(id, undefined);
    };
    if (this.#runner) {
      const execution = this.#executions.get(id) as Execution;
      execution.running = this.#runner.run(code, {
        finished,
        failed,
        halted: () => this.#over(id, undefined, true),
      });
      if (execution.state.cancelled) execution.running.halt(this.#stopping ? undefined : GRACE);
      return;
    }
    const result = code();
    const later = promised(result);
    if (later) later.then(finished, failed);
    else finished(result);
  }

  /**
   * Whether an error that no code caught comes of something that an execution has left unawaited which was cancelled, or to which nobody listens any more: that
   * is no reason to end anything. One that only says so is not even told.
   */
  leftBehind(error: unknown): 'told' | 'quiet' | undefined {
    if (this.#isAftermath(error, MAX_CAUSES)) return 'quiet';
    return this.#contexts?.current?.state.cancelled ? 'told' : undefined;
  }

  /** It may be the cause of another, as what takes an `AbortSignal` rejects with, or all that an `AggregateError` puts together. */
  #isAftermath(error: unknown, depth: number): boolean {
    if (typeof error !== 'object' || error === null || depth === 0) return false;
    if (this.#cancellations.has(error)) return true;
    if ((channelEndedBy(error) as ChannelState | undefined)?.isLeftBehind) return true;
    try {
      const { cause, errors, name } = error as { cause?: unknown; errors?: unknown; name?: unknown };
      if (Array.isArray(errors) && errors.length > 0)
        return errors.every((one) => this.#isAftermath(one, depth - 1));
      // Deno's `events.once` says no more
      if (runtime === 'deno' && name === 'AbortError' && cause === undefined) return this.#hasCancelled;
      return this.#isAftermath(cause, depth - 1);
    } catch {
      // a getter of the user
      return false;
    }
  }

  /** An error that no code caught: it belongs to the execution that ran it, or to all if nobody knows. Returns how many were told. */
  uncaught(error: unknown): number {
    const current = this.#contexts?.current;
    const ids = [...this.#executions]
      .filter(([, one]) => current === undefined || one === current)
      .map(([id]) => id);
    this.#failing = true;
    for (const one of ids) this.#over(one, { error });
    this.#failing = false;
    this.link.flush();
    return ids.length;
  }

  tell(message: ThreadMessage): void {
    this.#port.tell(message);
  }

  #answer(id: number, value: unknown): void {
    // missing: an error that nobody caught has ended it before its result was there
    const execution = this.#executions.get(id);
    if (!execution || execution.channel.isClosed) {
      this.#over(id, undefined);
      return;
    }
    execution.channel.send(value).then(
      () => this.#over(id, undefined),
      (error: unknown) => this.#over(id, { error }),
    );
  }

  #over(id: number, failure: { readonly error: unknown } | undefined, halted = false): void {
    const execution = this.#executions.get(id);
    if (!execution) return;
    const { state } = execution;
    const stopped = failure !== undefined && this.#stopped(state, failure.error);
    const told = stopped ? undefined : failure;
    const forget = (): void => this.#forgetExecution(id);
    // when all is to end, the interpreter exits as soon as nothing is executed: what was written last leaves before, the close included
    const over = this.#stopping
      ? (): void => void SETTLED.then(() => this.link.flush()).then(forget)
      : forget;
    // what was cut off with the gateway ends with that: a close would say that all of it has come
    if (this.#stopping && (stopped || halted)) {
      over();
      // nor does its collector say so
      state.linkEnded(this.#stopping);
    } else state.finish(told, over);
    // who ran one execution often wants the next at once
    if (this.#executions.size === 0 && !this.#port.blocked && !this.#failing) this.link.linger?.();
  }

  #forgetExecution(id: number): void {
    this.#executions.delete(id);
    if (this.link.channels.get(id) === undefined) this.#port.unroute(id);
    // nobody can reach them any more, and they would keep the thread
    if (this.#isolated && this.#executions.size === 0) this.link.channels.closeUnsent();
    // counted down before the close is written: who sees the close finds this thread free
    const left = Atomics.sub(this.#ring.words, Word.EXECUTING, 1) - 1;
    if (left === 0 && Atomics.load(this.#board.words, BoardWord.IDLE_WANTED) === 1)
      this.#port.tell({ kind: 'idle' });
  }

  /** Who was told to stop, or whose channel was closed, and stopped for it, has not failed. */
  #stopped({ cancelled, receiveEnd, sender }: ChannelState, error: unknown): boolean {
    const reasons: unknown[] = [cancelled, this.#stopping, receiveEnd?.error, sender.closed?.error];
    return error !== undefined && reasons.includes(error);
  }

  #control(code: number, id: number, payload: Uint8Array): boolean {
    switch (code) {
      case Code.CHANNEL_EXEC:
        // user code must not run inside a blocking call of other user code
        if (this.#port.blocked) {
          const kept = payload.slice();
          const channel = this.#begin(id);
          setImmediate(() => this.#run(id, channel, kept));
        } else this.execute(id, payload);
        return true;
      case Code.CANCEL:
        this.#cancel(id);
        return true;
      case Code.GATEWAY_TERMINATE:
        this.#stop(
          payload.length === 0
            ? new ConnectionLostError('the connection to the local end is lost')
            : undefined,
        );
        return true;
      case Code.RECONFIGURE:
        this.#dialect.reconfigure?.(this.link, id, payload);
        return true;
      case Code.GOODBYE:
        this.#exit(payload[3] ?? 0);
        return true;
      default:
        return false;
    }
  }

  #cancel(id: number): void {
    const execution = this.#executions.get(id);
    if (!execution) return;
    // a task unwinds before its waits would fail
    execution.running?.halt(GRACE);
    this.#interrupt(execution.state);
  }

  /** Everything that runs here is to end: by termination, or because the connection is lost. */
  #stop(lost: Error | undefined): void {
    this.#stopping = lost ?? new CancelledError('the gateway is being terminated');
    for (const { state, running } of this.#executions.values()) {
      running?.halt();
      this.#interrupt(state, this.#stopping);
    }
    if (lost) this.link.end(lost);
  }

  #interrupt(state: ChannelState, reason?: Error): void {
    // a listener of its signal may fail at once
    const cancellation =
      reason ?? new CancelledError(`the execution behind channel ${state.id} was cancelled`);
    this.#cancellations.add(cancellation);
    this.#hasCancelled = true;
    state.cancel(cancellation);
  }
}

/** Why what a function returned is no result; better an error than a function that seems to do nothing. */
function unrunnable(value: unknown): string | undefined {
  switch (tagOf(value)) {
    case '[object Generator]':
      return 'a generator function needs execmodel=structured';
    case '[object AsyncGenerator]':
      return 'an async generator function can not be executed: iterate over it in an async function';
    default:
      return undefined;
  }
}

/** That of `Object.prototype.toString()`; undefined where a getter of the user throws. */
function tagOf(value: unknown): string | undefined {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return undefined;
  }
}
