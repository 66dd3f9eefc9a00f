import type { MessagePort } from 'node:worker_threads';
import { Channel, type ChannelState } from '../channel/index.ts';
import { CancelledError, ConnectionLostError } from '../errors/index.ts';
import { Link } from '../link/index.ts';
import type { ExecRequest } from '../protocol/index.ts';
import { msgpack } from '../serializer/msgpack.ts';
import { Code, FRAGMENT_SIZE, FrameDecoder } from '../wire/index.ts';
import { type Board, BoardWord } from './board.ts';
import { Compiler } from './compile.ts';
import type { Output } from './output.ts';
import { type Ring, Word } from './ring.ts';
import { SLOTS } from './slots.ts';
import { type ThreadMessage, ThreadPort } from './thread-port.ts';

interface Execution {
  readonly channel: Channel;
  readonly state: ChannelState;
}

export interface ThreadOptions {
  readonly slot: number;
  /** Where this thread begins to number its channels; differs between threads that have the slot one after the other. */
  readonly generation: number;
  readonly ring: Ring;
  readonly board: Board;
  readonly output: Output;
  readonly receiver: MessagePort;
  readonly evaluate: (text: string) => unknown;
  /** Ends the process with a code; an isolated thread itself. */
  readonly exit: (code: number) => void;
  readonly isolated?: boolean;
}

/** A thread that executes code: a link of its own, and the executions that the receiver gives it. */
export class ExecutingThread {
  readonly link: Link;
  readonly #port: ThreadPort;
  readonly #ring: Ring;
  readonly #board: Board;
  readonly #compiler: Compiler;
  readonly #exit: (code: number) => void;
  readonly #executions = new Map<number, Execution>();
  #stopping: Error | undefined;

  constructor({
    slot,
    generation,
    ring,
    board,
    output,
    receiver,
    evaluate,
    exit,
    isolated = false,
  }: ThreadOptions) {
    this.#ring = ring;
    this.#board = board;
    this.#compiler = new Compiler(evaluate);
    this.#exit = exit;
    this.#port = new ThreadPort(ring, output, receiver);
    this.link = new Link({
      name: 'this gateway',
      local: false,
      ids: { first: 2 * ((generation % 4096) * 1024 * SLOTS + SLOTS + slot), step: 2 * SLOTS },
      serializer: msgpack(),
      port: this.#port,
      control: (code, id, payload) => this.#control(code, id, payload),
      flow: true,
      forgotten: (id) => {
        this.#port.unroute(id);
        // nobody can reach it any more
        if (isolated && this.#executions.size === 0 && this.link.channels.size === 0)
          this.#port.tell({ kind: 'idle' });
      },
    });
    this.#port.start(
      new FrameDecoder((code, id, payload, owned) => this.link.handle(code, id, payload, owned), {
        maxData: FRAGMENT_SIZE,
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
    const channel = this.link.channels.adopt(id);
    const state = Channel.stateOf(channel) as ChannelState;
    state.execution = true;
    this.#executions.set(id, { channel, state });
    if (this.#stopping) state.cancel(this.#stopping);
    return channel;
  }

  #run(id: number, channel: Channel, payload: Uint8Array): void {
    let request: ExecRequest;
    let result: unknown;
    try {
      // binaries among the arguments may keep the memory that they came in
      request = this.link.load(payload.slice()) as ExecRequest;
      result = this.#compiler.compile(request)(channel, request.args);
    } catch (error) {
      this.#over(id, { error });
      return;
    }
    const finished = (value: unknown): void => {
      if (request.kind === 'call') this.#answer(id, value);
      else this.#over(id, undefined);
    };
    if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
      (result as PromiseLike<unknown>).then(finished, (error: unknown) => this.#over(id, { error }));
    } else finished(result);
  }

  /** An error that no code caught: it belongs to what runs here. Returns how many executions were told. */
  uncaught(error: unknown): number {
    const ids = [...this.#executions.keys()];
    for (const id of ids) this.#over(id, { error });
    this.link.flush();
    return ids.length;
  }

  tell(message: ThreadMessage): void {
    this.#port.tell(message);
  }

  #answer(id: number, value: unknown): void {
    const { channel } = this.#executions.get(id) as Execution;
    if (channel.isClosed) this.#over(id, undefined);
    else
      channel.send(value).then(
        () => this.#over(id, undefined),
        (error: unknown) => this.#over(id, { error }),
      );
  }

  #over(id: number, failure: { readonly error: unknown } | undefined): void {
    const execution = this.#executions.get(id);
    if (!execution) return;
    const { state } = execution;
    const stopped = failure !== undefined && this.#stopped(state, failure.error);
    const told = stopped ? undefined : failure;
    if (told && state.closed && !state.cancelled)
      this.#port.warn('an execution failed whose channel was closed before:', told.error as Error);
    state.finish(told, () => {
      this.#executions.delete(id);
      if (this.#executions.size === 0 && !this.#stopping) this.#port.interrupted = undefined;
      // counted down before the close is written: who sees the close finds this thread free
      const left = Atomics.sub(this.#ring.words, Word.EXECUTING, 1) - 1;
      if (left === 0 && Atomics.load(this.#board.words, BoardWord.IDLE_WANTED) === 1)
        this.#port.tell({ kind: 'idle' });
    });
    // who ran one execution often wants the next at once
    if (this.#executions.size === 0 && !this.#port.blocked) this.link.linger?.();
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
        // concerns the strings of Python 2, which JavaScript does not have
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
    execution.state.cancel();
    if (this.#executions.size === 1) this.#port.interrupted = execution.state.cancelled;
  }

  /** Everything that runs here is to end: by termination, or because the connection is lost. */
  #stop(lost: Error | undefined): void {
    this.#stopping = lost ?? new CancelledError('the gateway is being terminated');
    this.#port.interrupted = this.#stopping;
    for (const { state } of this.#executions.values()) state.cancel(this.#stopping);
    if (lost) this.link.end(lost);
  }
}
