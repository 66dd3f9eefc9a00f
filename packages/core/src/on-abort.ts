/** Those who listen to a signal through one listener of ours. */
class Listeners {
  static readonly #of = new WeakMap<AbortSignal, Listeners>();
  readonly #signal: AbortSignal;
  readonly #runs = new Set<() => void>();
  readonly #aborted = (): void => {
    Listeners.#of.delete(this.#signal);
    for (const run of this.#runs) run();
  };

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#aborted, { once: true });
  }

  static of(signal: AbortSignal): Listeners {
    const known = Listeners.#of.get(signal);
    if (known) return known;
    const made = new Listeners(signal);
    Listeners.#of.set(signal, made);
    return made;
  }

  add(run: () => void): void {
    this.#runs.add(run);
  }

  delete(run: () => void): void {
    if (!this.#runs.delete(run) || this.#runs.size > 0) return;
    this.#signal.removeEventListener('abort', this.#aborted);
    Listeners.#of.delete(this.#signal);
  }
}

/**
 * Has `run` called once when the signal is aborted, which it is not yet; returns what undoes that. The signal gets one listener for all of them: programs share one among hundreds of
 * calls, and Node takes more than ten listeners for a leak.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  const listeners = Listeners.of(signal);
  listeners.add(run);
  return () => listeners.delete(run);
}

/**
 * Aborts `controller` with the signal, for the same reason; returns what undoes that. In the place of `AbortSignal.any`, which jsdom 24 lacks, and which takes
 * no signal of another realm there.
 */
export function abortWith(controller: AbortController, signal: AbortSignal | undefined): () => void {
  const abort = (): void => controller.abort(signal?.reason);
  if (signal && !signal.aborted) return onAbort(signal, abort);
  if (signal) abort();
  return () => {};
}
