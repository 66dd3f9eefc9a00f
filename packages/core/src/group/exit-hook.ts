/** What is to be taken down: a group. */
interface TakenDown extends Iterable<{ kill(): void }> {
  readonly size: number;
  terminate(options: { timeout: number }): Promise<void>;
}

/** How long remote code may take to clean up when the local program ends by itself, in milliseconds: nobody wants to wait for an exit. */
const EXIT_TIMEOUT = 1000;

const groups = new Set<TakenDown>();
let installed = false;

/** There is nothing of `group` to take down any more. */
export function nothingToTakeDown(group: TakenDown): void {
  groups.delete(group);
}

/**
 * Takes the gateways of `group` down when the program ends: with a bounded graceful termination when it has nothing left to do, with a kill
 * in `exit`. A program that is killed needs neither: its remote ends see the end of their connections.
 */
export function takeDownAtExit(group: TakenDown): void {
  groups.add(group);
  if (installed) return;
  installed = true;
  process.on('beforeExit', () => {
    for (const open of groups) {
      // terminating keeps the program alive until it is done, and then there is nothing left to do again
      if (open.size > 0)
        open.terminate({ timeout: EXIT_TIMEOUT }).catch((error: Error) => process.emitWarning(error));
    }
  });
  process.on('exit', () => {
    for (const open of groups) for (const gateway of open) gateway.kill();
  });
}
