/**
 * A promise of what code of the user has returned, if that settles later; undefined otherwise. What is no promise may settle twice, with another of its kind, or
 * throw: the promise settles once. Throws what looking at it throws.
 */
export function promised(result: unknown): Promise<unknown> | undefined {
  return typeof (result as { then?: unknown } | undefined | null)?.then === 'function'
    ? Promise.resolve(result)
    : undefined;
}
