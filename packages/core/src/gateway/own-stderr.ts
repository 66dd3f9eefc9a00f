const nothing = (): void => {};

/**
 * Writes to the stderr of this program, as `console.error` does: where that fails (a full disk, a pipe that nobody reads any more), what was to be
 * written is lost, and the program goes on.
 */
export function writeStderr(chunk: Uint8Array): void {
  try {
    const { stderr } = process;
    // an error that nobody listens for ends the program; it comes during the call, for files and terminals, or after it
    const failed = (error?: Error | null): void => {
      if (error && stderr.listenerCount('error') === 0) stderr.once('error', nothing);
    };
    const isHeard = stderr.listenerCount('error') > 0;
    if (!isHeard) stderr.once('error', nothing);
    stderr.write(chunk, failed);
    if (!isHeard) stderr.off('error', nothing);
  } catch {
    // those who replace stderr, or its methods, may throw
  }
}
