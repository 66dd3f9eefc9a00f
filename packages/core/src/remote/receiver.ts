import { type IdSpace, MAX_ID } from '../channel/index.ts';
import { performance, setTimeout } from '../clock.ts';
import { describeError, type RemoteErrorData } from '../errors/index.ts';
import { Lease } from '../link/index.ts';
import type { Serializer } from '../serializer/types.ts';
import { Code, EMPTY, encodeFrame, int32Payload, readInt32 } from '../wire/index.ts';
import { Board, BoardWord } from './board.ts';
import { statusFrames } from './control-frames.ts';
import type { Dialect } from './dialect.ts';
import { endProcess } from './end-process.ts';
import type { CreateExecutor, Executor, ExecutorThread, Task, ThreadOptions } from './executor.ts';
import { evaluateModel } from './model-program.ts';
import { Output, RECEIVER_SLOT } from './output.ts';
import { portOf } from './port.ts';
import { complain, printDirectlyInThread } from './prints.ts';
import { type RawIo, READ_SIZE, rawIo } from './raw-io.ts';
import { Ring } from './ring.ts';
import { RoutedThread, WakeUps } from './routed-thread.ts';
import type { Routing } from './router.ts';
import { builtin, loadProcessLater, runtime } from './runtime.ts';
import { idsOf } from './slots.ts';
import type { Handover, ReceiverData, ThreadData } from './thread-data.ts';
import type { ThreadMessage } from './thread-port.ts';
import { StartedThread } from './threads.ts';

/**
 * The time in which the main thread must begin to exit after another thread has called `process.exit()`, in milliseconds of the clock and of the processors. A
 * main thread that takes longer is busy with code that does not end, and the process is killed.
 */
const LEAVE = 50;

/** The time in which the main thread must have exited in any case, in milliseconds: an idle interpreter exits within 20, a machine that is busy with other processes may need long. */
const EXIT = 900;

/** How long remote code may use to clean up when the connection is lost, in milliseconds: the promise is that all is gone within two seconds. */
const GRACE_WHEN_LOST = 1000;

/** What a service may use beyond the grace of remote code, in milliseconds: the relay kills what has not ended by itself within that. */
const SERVICE_GRACE = 400;

/** How often a terminating remote end looks whether everything has ended, in milliseconds. */
const LOOK = 5;

/** Control frames that wait because a thread writes and the outbox is full are tried again after this many milliseconds. */
const RETRY = 1;

/** A thread that was told to stop runs no more code after that, in milliseconds; 5 to 20 were seen. */
const STOPPING = 200;

/** So many channels that a thread has made are closed at its end: the last ones. */
const MAX_MADE = 4096;

/** The most channels on which the reason for the end of their thread is told. */
const MAX_TOLD = 256;

/** More than that waiting means a peer that asks without reading. */
const MAX_WAITING = 1024 * 1024;

/** So many reasons why executions were refused are kept for the channels that come behind these. */
const MAX_REFUSALS = 256;

const MAIN_SLOT = 0;

/** Rings of threads that have ended, for the next ones. */
const MAX_SPARE_RINGS = 16;

/** Why what ran on an isolated thread did not come to its end. */
function reasonOf(failure: Error | undefined, { exitCode }: RoutedThread): Error {
  if (failure && (failure as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return Object.assign(
      new Error('the execution ran out of memory, and its thread was ended: see heap= of the spec'),
      {
        code: 'ERR_WORKER_OUT_OF_MEMORY',
      },
    );
  }
  if (failure) return failure;
  if (exitCode !== undefined) return new Error(`the code ended its thread by process.exit(${exitCode})`);
  return new Error('the thread of the execution was ended, because it went on after it was cancelled');
}

/** Lets a request run, or refuses it. */
interface Requests {
  run(thread: RoutedThread, id: number, payload: Uint8Array): void;
  refuse(id: number, message: string): void;
}

/** A request to execute something. There may be ten thousand that wait: they share their functions. */
class ExecRequest implements Task {
  readonly id: number;
  readonly #requests: Requests;
  // of the payload, without the object that a view of it is
  readonly #buffer: ArrayBufferLike;
  readonly #start: number;
  readonly #length: number;

  constructor(requests: Requests, id: number, { buffer, byteOffset, length }: Uint8Array) {
    this.#requests = requests;
    this.id = id;
    this.#buffer = buffer;
    this.#start = byteOffset;
    this.#length = length;
  }

  runOn(thread: ExecutorThread): void {
    const payload = new Uint8Array(this.#buffer, this.#start, this.#length);
    this.#requests.run(thread as RoutedThread, this.id, payload);
  }

  refuse(message: string): void {
    this.#requests.refuse(this.id, message);
  }
}

/**
 * The thread that reads the connection, whatever the others do: it passes frames on, answers status, schedules executions, acts upon
 * cancellation, termination and the loss of the connection, and is the parent of all threads but the main one.
 */
export class Receiver {
  readonly #data: ReceiverData;
  readonly #board: Board;
  readonly #output: Output;
  readonly #router: Routing;
  readonly #dialect: Dialect;
  readonly #serializer: Serializer;
  readonly #threads: (RoutedThread | undefined)[] = [];
  readonly #io: RawIo;
  readonly #main: RoutedThread;
  readonly #executor: Executor;
  readonly #wakeUps = new WakeUps();
  #spawned = 0;
  /** The last RECONFIGURE for channels to come, which threads to come have to know. */
  #reconfigured: Uint8Array | undefined;
  /** V8 does not count shared memory: it would not collect that of a thousand threads that have ended. */
  readonly #spareRings: SharedArrayBuffer[] = [];
  /** Why executions were refused lately: the channels that were sent to them follow. */
  readonly #refusals = new Map<number, Uint8Array>();
  readonly #requests: Requests = {
    // a thread that begins now would not know that all is to end
    run: (thread, id, payload) => void (this.#ending || this.#give(thread, id, payload)),
    refuse: (id, message) => this.#refuse(id, message),
  };
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #ending = false;
  /** Something came that can't be understood: nothing behind it is read. */
  #refused = false;
  #lease: Lease | undefined;

  constructor(data: ReceiverData, dialect: Dialect) {
    this.#data = data;
    this.#dialect = dialect;
    this.#serializer = dialect.serializer();
    const { options } = data;
    // as a web worker it has a console of its own that does the same
    if (runtime === 'node') printDirectlyInThread();
    loadProcessLater();
    this.#board = new Board(data.board);
    const io = rawIo(options.input, options.output);
    this.#output = new Output(this.#board, io, RECEIVER_SLOT);
    this.#router = dialect.router({
      thread: (slot) => this.#threads[slot],
      control: (code, id, payload) => this.#control(code, id, payload),
      lost: (id, carrier) => {
        const refusal = this.#refusals.get(carrier);
        this.#post(
          encodeFrame(refusal ? Code.CHANNEL_CLOSE_ERROR : Code.CHANNEL_CLOSE, id, refusal ?? EMPTY),
        );
      },
    });
    this.#main = new RoutedThread(new Ring(data.ring), this.#wakeUps, { port: portOf(data.port) });
    this.#adopt(MAIN_SLOT, this.#main);
    this.#executor = this.#createExecutor(options.executor);
    this.#io = io;
    if (options.lease !== undefined) this.#keepLease(options.lease);
    if (data.handover) this.#begin(data.handover);
  }

  #begin({ begun, unread }: Handover): void {
    if (begun !== undefined) this.#router.bind(begun, this.#main);
    this.#receive(unread);
    this.#io.start(
      (chunk) => this.#receive(chunk),
      () => this.#lost(),
    );
  }

  /** The local end pings; a network that is gone says nothing, and is noticed by that. */
  #keepLease(interval: number): void {
    let read = 0;
    this.#lease = new Lease(interval, {
      tick: () => {
        const now = Atomics.load(this.#board.words, BoardWord.HEARD);
        if (now !== read) this.#lease?.heard();
        read = now;
      },
      expired: () => {
        complain(
          `nothing was heard of the local end for ${(3 * interval) / 1000} s: this end takes itself down`,
        );
        this.#lost();
      },
    });
  }

  #createExecutor(text: string): Executor {
    const { threads: limit } = this.#data.options;
    const { flow: keeps } = this.#dialect;
    return evaluateModel<CreateExecutor>(
      text,
      'createExecutor',
    )({
      main: this.#main,
      limit,
      // where nothing keeps what comes for the channels of an execution that waits, none is to wait
      get parallelism() {
        return keeps ? parallelism() : limit;
      },
      spawn: (options) => this.#spawn(options),
      wantIdle: (wanted) => Atomics.store(this.#board.words, BoardWord.IDLE_WANTED, wanted ? 1 : 0),
      warn: complain,
    });
  }

  #receive(chunk: Uint8Array): void {
    if (this.#refused) return;
    this.#lease?.heard();
    try {
      this.#wakeUps.collect(() => this.#router.push(chunk), chunk.length >= READ_SIZE);
    } catch (error) {
      // nothing after it can be understood, and the local end must hear why
      complain((error as Error).message);
      this.#refused = true;
      this.#end({ grace: GRACE_WHEN_LOST, code: 1 });
    }
  }

  #control(code: number, id: number, payload: Uint8Array): void {
    switch (code) {
      case Code.STATUS:
        this.#status(id, payload);
        return;
      case Code.PING:
        this.#post(encodeFrame(Code.PONG, id, payload));
        return;
      case Code.CHANNEL_EXEC:
        this.#execute(id, payload);
        return;
      case Code.SERVICE:
        if (!this.#ending)
          this.#unlessRefused(id, () => this.#give(this.#spawn({ isolated: true }, true), id, payload));
        return;
      case Code.CANCEL:
        if (!this.#executor.cancel(id)) return;
        this.#router.unbind(id);
        this.#post(encodeFrame(Code.CHANNEL_CLOSE, id, EMPTY));
        return;
      case Code.RECONFIGURE:
        this.#reconfigured = encodeFrame(code, id, payload);
        for (const thread of this.#threads) thread?.insert(this.#reconfigured);
        return;
      case Code.GATEWAY_TERMINATE:
        this.#end({ grace: payload.length === 4 ? readInt32(payload, 0) : this.#dialect.grace, code: 0 });
        return;
      default:
        // a second HELLO, a PONG that nobody asked for: harmless
        return;
    }
  }

  #execute(id: number, payload: Uint8Array): void {
    if (this.#ending) return;
    const answer = this.#dialect.answer?.(id, payload);
    if (answer) {
      this.#router.unbind(id);
      this.#post(answer);
      return;
    }
    this.#unlessRefused(id, () => this.#executor.execute(new ExecRequest(this.#requests, id, payload)));
  }

  /** Where no thread can be started, that is the error of what wanted one. */
  #unlessRefused(id: number, give: () => void): void {
    try {
      give();
    } catch (error) {
      this.#refuse(id, (error as Error).message);
    }
  }

  #refuse(id: number, message: string): void {
    const error = this.#error({ name: 'Error', message, stack: message });
    this.#refusals.set(id, error);
    if (this.#refusals.size > MAX_REFUSALS)
      this.#refusals.delete(this.#refusals.keys().next().value as number);
    this.#router.unbind(id);
    this.#post(encodeFrame(Code.CHANNEL_CLOSE_ERROR, id, error));
  }

  #error(error: RemoteErrorData): Uint8Array {
    return this.#serializer.dump(this.#dialect.error(error));
  }

  #give(thread: RoutedThread, id: number, payload: Uint8Array): void {
    thread.begin(id);
    // bound after the frame: what was kept for the channel comes behind it
    thread.insert(encodeFrame(Code.CHANNEL_EXEC, id, payload));
    this.#router.bind(id, thread);
  }

  #status(id: number, payload: Uint8Array): void {
    const threads = this.#threads.filter(
      (thread) => thread !== undefined && !thread.service,
    ) as RoutedThread[];
    const answer = this.#dialect.status(payload, {
      // an execution whose channel was closed from there counts with it
      numChannels: threads.reduce((sum, thread) => sum + Math.max(thread.channels, thread.executing), 0),
      numExecuting: threads.reduce((sum, thread) => sum + thread.executing, 0),
      numQueued: this.#executor.queued,
      execmodel: this.#data.options.execmodel,
    });
    this.#post(statusFrames(id, this.#serializer.dump(answer)));
  }

  #spawn({ isolated = false, limits }: ThreadOptions = {}, service = false): RoutedThread {
    let slot = 1;
    while (this.#threads[slot] !== undefined) slot++;
    const ring = this.#spareRings.pop() ?? Ring.allocate();
    const data: Omit<ThreadData, 'port'> = {
      role: 'thread',
      program: this.#data.program,
      cache: this.#data.cache,
      options: this.#data.options,
      board: this.#board.shared,
      ring,
      slot,
      generation: ++this.#spawned,
      service,
      isolated,
    };
    let failure: Error | undefined;
    const port = new StartedThread(
      data,
      {
        failed: (error) => {
          failure = error;
          if (isolated || !Ring.isClaimed(ring)) return;
          complain(error.stack ?? error.message);
          this.#leave(1);
        },
        exited: () => {
          this.#threads[slot] = undefined;
          port.close();
          if (this.#output.release(slot)) this.#leave(1);
          else if (isolated || !Ring.isClaimed(ring))
            this.#ended(thread, idsOf(data.generation, slot), reasonOf(failure, thread));
          thread.retire();
          const isFree = runtime === 'node' || Ring.isLeft(ring);
          if (!isFree || this.#spareRings.length >= MAX_SPARE_RINGS) return;
          Ring.clear(ring);
          this.#spareRings.push(ring);
        },
      },
      limits,
    );
    const thread = new RoutedThread(new Ring(ring), this.#wakeUps, {
      port,
      kill: () => this.#kill(port),
      service,
    });
    this.#adopt(slot, thread);
    if (this.#reconfigured) thread.insert(this.#reconfigured);
    return thread;
  }

  /** Ends a thread, whatever it runs, but for a write: the lock keeps it out of these. */
  #kill(thread: StartedThread): void {
    if (!this.#output.hold()) {
      setTimeout(() => this.#kill(thread), RETRY);
      return;
    }
    let held = true;
    const letGo = (): void => {
      if (held) this.#output.letGo();
      held = false;
    };
    // it may sit in a call of the system for long; but it begins none any more
    setTimeout(letGo, STOPPING);
    thread.terminate(letGo);
  }

  /** An isolated thread is gone, or one that could not start: so are its channels, those that came from the local end and those that it has made. */
  #ended(thread: RoutedThread, own: IdSpace, reason: Error): void {
    const failed = thread.executing > 0;
    const error = this.#error({
      ...describeError(reason),
      stack: reason.name === 'Error' ? reason.message : String(reason),
    });
    const ids = new Set(this.#router.drop(thread));
    // its channel may be closed already, and who closed it waits for its end
    if (failed && thread.latest !== undefined) ids.add(thread.latest);
    const { made } = thread;
    for (let n = Math.max(0, made - MAX_MADE); n < made; n++) {
      const id = own.first + n * own.step;
      if (id <= MAX_ID) ids.add(id);
    }
    for (const id of ids) {
      // of many the reason would be more than can wait
      const asWished = !failed || ids.size > MAX_TOLD || (thread.killed && id === thread.latest);
      // the code has written what it had to say; what is cut off with the gateway ends with that
      if (asWished && this.#ending) continue;
      this.#post(
        asWished
          ? encodeFrame(Code.CHANNEL_CLOSE, id, EMPTY)
          : encodeFrame(Code.CHANNEL_CLOSE_ERROR, id, error),
      );
    }
    if (!thread.service) this.#executor.ended?.(thread);
  }

  #adopt(slot: number, thread: RoutedThread): void {
    this.#threads[slot] = thread;
    thread.port.listen((received) => {
      const message = received as ThreadMessage;
      if (message.kind === 'room') thread.flush();
      else if (message.kind === 'idle') {
        if (!thread.service) this.#executor.idle(thread);
      } else if (message.kind === 'begin') this.#begin(message);
      else if (message.kind === 'closed') for (const id of message.ids) this.#router.unbind(id);
      else this.#leave(message.code);
    });
  }

  /** Writes control frames, or keeps them until they can be written without waiting. */
  #post(frames: Uint8Array): void {
    if (this.#waiting.length === 0 && this.#tryPost(frames)) return;
    if (this.#waiting.length === 0) setTimeout(() => this.#retry(), RETRY);
    this.#waiting.push(frames);
    this.#waitingSize += frames.length;
    if (this.#waitingSize > MAX_WAITING) this.#end({ grace: 0, code: 1 });
  }

  #retry(): void {
    while (this.#waiting.length > 0) {
      const frames = this.#waiting[0] as Uint8Array;
      if (!this.#tryPost(frames)) {
        setTimeout(() => this.#retry(), RETRY);
        return;
      }
      this.#waiting.shift();
      this.#waitingSize -= frames.length;
    }
  }

  #tryPost(frames: Uint8Array): boolean {
    try {
      return this.#output.post(frames);
    } catch {
      // nobody reads any more; the end of the input tells the same
      return true;
    }
  }

  // --- the end

  #lost(): void {
    // a master that is not told when all is over closes its end, and reads on
    if (this.#ending && !this.#dialect.watched) return;
    Atomics.store(this.#board.words, BoardWord.LOST, 1);
    this.#end({ grace: GRACE_WHEN_LOST, code: undefined });
  }

  /** Interrupts everything, waits until it has ended or the grace is over, and ends the process. `code` undefined: nobody is left to tell. */
  #end({ grace, code }: { grace: number; code: number | undefined }): void {
    if (this.#ending && code !== undefined) return;
    this.#ending = true;
    for (const thread of this.#threads) {
      // but for a termination in good order the rest of a frame that is on its way does not come
      if (code !== 0) thread?.cut();
      // with a payload: terminated; without: the connection is lost
      thread?.insert(
        encodeFrame(Code.GATEWAY_TERMINATE, 0, code === undefined ? EMPTY : int32Payload(grace)),
      );
    }
    const deadline = performance.now() + grace;
    const look = (): void => {
      const now = performance.now();
      const busy = this.#threads.some(
        (thread) =>
          thread !== undefined &&
          thread.executing > 0 &&
          now < deadline + (thread.service ? SERVICE_GRACE : 0),
      );
      if (busy) setTimeout(look, LOOK);
      else if (code === undefined) endProcess();
      else this.#leave(code, Math.max(EXIT, deadline - performance.now()));
    };
    look();
  }

  /** Lets the main thread exit with `code`, so that its exit handlers run; kills the process if it does not. `patience` in milliseconds. */
  #leave(code: number, patience: number = LEAVE): void {
    this.#ending = true;
    if (Atomics.load(this.#board.words, BoardWord.LOST) === 1) {
      endProcess();
      return;
    }
    const goodbye = this.#dialect.goodbye(code);
    if (goodbye) this.#tryPost(goodbye);
    this.#main.cut();
    this.#main.insert(encodeFrame(Code.GOODBYE, 0, int32Payload(code)));
    const begun = performance.now();
    const used = usedByProcess();
    const look = (): void => {
      const past = performance.now() - begun;
      const leaves = Atomics.load(this.#board.words, BoardWord.LEAVING) === 1;
      // a thread that spins has used its time; one that waits for a processor has not
      const spins = !leaves && past >= patience && usedByProcess() - used >= LEAVE;
      if (spins || past >= Math.max(patience, EXIT)) endProcess();
      else setTimeout(look, LOOK);
    };
    look();
  }
}

/** Node has the one since 21, and the other is slow to load in Deno. */
function parallelism(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? builtin('node:os').cpus().length;
}

/** The time that all threads of this process have had of the processors, in milliseconds. */
function usedByProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
