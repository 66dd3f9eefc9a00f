/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  const outcome = await promise.then(
    (value) => new Error(`resolved with ${String(value)}`),
    (error: Error) => ({ error }),
  );
  if (outcome instanceof Error) throw outcome;
  return outcome.error;
}
