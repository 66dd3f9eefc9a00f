/**
 * What an execution model is made of at the remote end. Its program is evaluated in the receiver thread, which is always free, and exports
 * `createExecutor(threads)`. A model that has more to say about how code runs than where brings a second one, see {@link Runner}.
 */

/** A request to execute something; the channel with its id tells the other end how that went. */
export interface Task {
  readonly id: number;
  /** Runs it on this thread; to be called once, if not `refuse`. */
  runOn(thread: ExecutorThread): void;
  /** Closes its channel with an error; nothing runs. */
  refuse(message: string): void;
}

/** A thread that can execute code. */
export interface ExecutorThread {
  /** Executions given to it that are not over. */
  readonly executing: number;
  /** Channels open there; a thread that has any must not be closed. */
  readonly channels: number;
  /** It is up, and has taken what it was given first. */
  readonly started: boolean;
  /** Lets the thread end; nothing may run on it afterwards. */
  close(): void;
  /** Ends an isolated thread at once, whatever it runs. Where the interpreter can't (`supports.killThread`), a thread that spins spins on. */
  kill(): void;
}

/** How a thread is started. */
export interface ThreadOptions {
  /**
   * The thread belongs to the code that it runs: `process.exit` ends the thread and not the process, and so does running out of memory; an error
   * that nobody caught fails what runs there. When it has ended, however, its channels are closed. Default: false.
   */
  readonly isolated?: boolean;
  /** Limits of an isolated thread; `supports.threadMemoryLimit` says whether the interpreter knows them. */
  readonly limits?: ThreadLimits;
}

/** In MiB. */
export interface ThreadLimits {
  /** Objects that are kept. */
  readonly heap?: number | undefined;
  readonly stack?: number | undefined;
}

/** The threads of this remote end. */
export interface ExecutorThreads {
  /** The main thread of the process. */
  readonly main: ExecutorThread;
  /** Most threads that may execute at a time, the main thread included. */
  readonly limit: number;
  /** The number of threads that the machine runs at a time. */
  readonly parallelism: number;
  /** Starts another thread; it takes tasks at once and runs them when it is up. */
  spawn(options?: ThreadOptions): ExecutorThread;
  /** Whether {@link Executor.idle} is called; costs a message for each execution while it is. */
  wantIdle(wanted: boolean): void;
  /** Tells the user, on stderr. */
  warn(message: string): void;
}

/** Schedules the executions of a remote end. */
export interface Executor {
  /** Tasks that wait for a thread. */
  readonly queued: number;
  execute(task: Task): void;
  /** The local end has given up the task with this id: true if it was waiting here and is dropped. One that runs hears of it by itself. */
  cancel(id: number): boolean;
  /** A thread has nothing left to execute; called only after `wantIdle(true)`. Of an isolated thread again when its last channel is closed. */
  idle(thread: ExecutorThread): void;
  /** A thread has ended that is isolated, or that could not start. */
  ended?(thread: ExecutorThread): void;
}

export type CreateExecutor = (threads: ExecutorThreads) => Executor;

/** How an execution ended; exactly one method is called, once. */
export interface Settlement {
  /** With this result. */
  finished(value: unknown): void;
  failed(error: unknown): void;
  /** Because it was told to. */
  halted(): void;
}

/** An execution that runs. */
export interface Running {
  /**
   * Tells it to come to its end, with all that it has started; what it has to clean up may take `grace` milliseconds, without it as long as
   * it wants.
   */
  halt(grace?: number): void;
}

/**
 * Runs code on a thread that executes. Without one a function is called, and the promise that it returns is waited for. The program of a
 * runner is evaluated in every such thread and exports `createRunner(context)`.
 */
export interface Runner {
  /** Calls `code`, maybe later, and sees to what it returns. */
  run(code: () => unknown, settlement: Settlement): Running;
}

/** What a runner is given. */
export interface RunnerContext {
  /**
   * Makes a function that may be called from anywhere and calls `fn` as a part of the execution that runs now, which is told of errors that nobody
   * catches: at once, or, if the thread is inside a blocking call, when that is over. The calls keep their order.
   */
  bind<Args extends unknown[]>(fn: (...args: Args) => void): (...args: Args) => void;
}

export type CreateRunner = (context: RunnerContext) => Runner;
