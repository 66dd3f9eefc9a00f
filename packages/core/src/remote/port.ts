import type { MessagePort } from 'node:worker_threads';

/** Calls `handle` with every message; keeps the event loop alive. As every interpreter has it: Deno's ports know `on` only once Node's world is loaded. */
export function listen(port: MessagePort, handle: (message: unknown) => void): void {
  (port as unknown as { onmessage: (event: { data: unknown }) => void }).onmessage = ({ data }) =>
    handle(data);
}

/** Two ports, without loading anything. */
export function messageChannel(): { port1: MessagePort; port2: MessagePort } {
  return new (
    globalThis as unknown as { MessageChannel: new () => { port1: MessagePort; port2: MessagePort } }
  ).MessageChannel();
}
