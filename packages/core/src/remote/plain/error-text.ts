import type { RemoteErrorData } from '../../errors/index.ts';

/** An error as the text that execnet makes a RemoteError of: its stack, and those of its causes. */
export function errorText({ stack, cause }: RemoteErrorData): string {
  return cause ? `${stack}\nCaused by: ${errorText(cause)}` : stack;
}
