import type { RemoteErrorData } from '../../errors/index.ts';

/** An error as the text that execnet makes a RemoteError of: its stack, and those of its causes and of the errors that it puts together. */
export function errorText({ stack, cause, errors = [] }: RemoteErrorData): string {
  return [
    stack,
    ...errors.map((error) => `One of its errors: ${errorText(error)}`),
    ...(cause ? [`Caused by: ${errorText(cause)}`] : []),
  ].join('\n');
}
