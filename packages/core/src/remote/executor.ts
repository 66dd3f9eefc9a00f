/**
 * What an execution model is made of at the remote end. The program of a model is evaluated in the receiver thread, which is always free,
 * and exports `createExecutor(threads)`.
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
  /** Lets the thread end; nothing may run on it afterwards. */
  close(): void;
}

/** The threads of this remote end. */
export interface ExecutorThreads {
  /** The main thread of the process. */
  readonly main: ExecutorThread;
  /** Most threads that may execute at a time, the main thread included. */
  readonly limit: number;
  /** Starts another thread; it takes tasks at once and runs them when it is up. */
  spawn(): ExecutorThread;
  /** Whether {@link Executor.idle} is called; costs a message for each execution while it is. */
  wantIdle(wanted: boolean): void;
}

/** Schedules the executions of a remote end. */
export interface Executor {
  /** Tasks that wait for a thread. */
  readonly queued: number;
  execute(task: Task): void;
  /** The local end has given up the task with this id: true if it was waiting here and is dropped. */
  cancel(id: number): boolean;
  /** A thread has nothing left to execute; called only after `wantIdle(true)`. */
  idle(thread: ExecutorThread): void;
}

export type CreateExecutor = (threads: ExecutorThreads) => Executor;
