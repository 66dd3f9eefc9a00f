import { shortly } from './data-of.ts';

/** The parts of an error, or of the description of one, that are shown. */
interface Told {
  readonly stack?: string;
  readonly cause?: unknown;
  readonly errors?: readonly Told[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** An error as a text for people: its stack, what else it has, and the same of its causes and of the errors that it puts together. */
export function errorText({ stack, cause, errors = [], properties }: Told): string {
  return [
    stack,
    ...(properties ? [`With ${shortly(properties)}`] : []),
    ...errors.map((error) => `One of its errors: ${errorText(error)}`),
    ...(cause ? [`Caused by: ${errorText(cause)}`] : []),
  ].join('\n');
}
