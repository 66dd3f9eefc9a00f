/** A part of effection that it does not export; build.mjs finds it. */
declare module 'effection/esm/lib/reducer.js' {
  import type { Context, Coroutine } from 'effection';

  /** Steps the routines that are scheduled, one after the other. */
  export class Reducer {
    schedule: (routine: Coroutine) => void;
  }

  /** Which one a routine has; looked up when it is made. */
  export const ReducerContext: Context<Reducer>;
}
