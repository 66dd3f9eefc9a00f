export { type CallbackOptions, Channel } from './channel.ts';
export type { ChannelLink, Item } from './channel-link.ts';
export type { ChannelState } from './channel-state.ts';
export { ChannelTable, type IdSpace } from './channel-table.ts';
export { type Future, future } from './future.ts';
export type { FileOptions } from './make-file.ts';
export { INITIAL_WINDOW, WindowBudget } from './receive-window.ts';
export { coercionPayload, type StringCoercion } from './string-coercion.ts';
export { checkTimeout, MAX_DELAY, type WaitOptions, waitFor } from './wait.ts';
