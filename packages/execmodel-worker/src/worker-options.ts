import type { ThreadLimits } from '@execnet/core/plugin';

/** What the model tells its program. */
export interface WorkerOptions {
  readonly killThread: boolean;
  /** Name of the interpreter, for messages. */
  readonly interpreter: string;
  readonly limits?: ThreadLimits | undefined;
}
