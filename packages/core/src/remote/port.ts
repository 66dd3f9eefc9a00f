import type { MessagePort } from 'node:worker_threads';
import { runtime } from './runtime.ts';

/** The way to another thread. */
export interface Port {
  postMessage(message: unknown): void;
  /** Calls `handle` with every message; keeps the event loop alive. Once. */
  listen(handle: (message: unknown) => void): void;
  close(): void;
  /** For a thread that is about to wait, and sees no events meanwhile: starts the other one again if it did not start. Only the thread that starts it can. */
  insist?(): void;
}

/**
 * Calls `handle` with every message; keeps the event loop alive. On Node in Node's way: for the first event of the web's kind, Node since 22 loads undici, which
 * takes 60 to 80 ms of a processor, in each thread. Elsewhere in the web's way: Deno's ports know `on` only once Node's world is loaded.
 */
export function listen(port: MessagePort, handle: (message: unknown) => void): void {
  if (runtime === 'node') port.on('message', handle);
  else
    (port as unknown as { onmessage: (event: { data: unknown }) => void }).onmessage = ({ data }) =>
      handle(data);
}

export function portOf(port: MessagePort): Port {
  return {
    postMessage: (message) => port.postMessage(message),
    listen: (handle) => listen(port, handle),
    close: () => port.close(),
  };
}

/** Two ports, without loading anything. */
export function messageChannel(): { port1: MessagePort; port2: MessagePort } {
  return new (
    globalThis as unknown as { MessageChannel: new () => { port1: MessagePort; port2: MessagePort } }
  ).MessageChannel();
}
