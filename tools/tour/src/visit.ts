import type { Gateway, Group } from 'execnet';
import { isGone } from './processes.ts';
import { remoteCodeFor } from './remote-code-for.ts';
import { heldBack, remoteError, roundTrip, type StreamResult } from './steps.ts';
import type { Target } from './targets.ts';

/** What was seen at one interpreter, as far as it came. */
export class Visit {
  readonly target: Target;
  name: string;
  pid: number | undefined;
  /** Milliseconds from the wish for a gateway to the result of its first call. */
  firstResult: number | undefined;
  product: number | undefined;
  /** Milliseconds. */
  roundTrip: number | undefined;
  streamed: StreamResult | undefined;
  /** The stack of an error that remote code threw. */
  stack: string | undefined;
  /** Milliseconds that taking it down took. */
  terminated: number | undefined;
  failure: Error | undefined;
  /** Every process that was started on its behalf, as far as known. */
  readonly pids: number[] = [];
  #gateway: Gateway | undefined;

  constructor(target: Target) {
    this.target = target;
    this.name = target.name;
  }

  /** The processes that still run. */
  get left(): number[] {
    return this.pids.filter((pid) => !isGone(pid));
  }

  async start(group: Group, signal: AbortSignal): Promise<void> {
    await this.#step(async () => {
      const start = performance.now();
      const gateway = await group.makeGateway(this.target.spec, { signal });
      this.#gateway = gateway;
      this.pids.push(gateway.peer.pid);
      this.product = await remoteCodeFor(gateway).product(gateway);
      this.firstResult = performance.now() - start;
      const { runtime, version, pid } = gateway.peer;
      this.name = `${runtime} ${version}`;
      this.pid = pid;
    });
  }

  async measure(): Promise<void> {
    await this.#step(async (gateway) => {
      this.roundTrip = await roundTrip(gateway);
    });
  }

  async stream(): Promise<void> {
    await this.#step(async (gateway) => {
      this.streamed = await heldBack(gateway);
    });
  }

  async throwError(): Promise<void> {
    await this.#step(async (gateway) => {
      this.stack = (await remoteError(gateway)).stack;
    });
  }

  /** Takes it down together with a process that its code has started, and looks whether both are gone. */
  async end(): Promise<void> {
    await this.#step(async (gateway) => {
      this.pids.push(await remoteCodeFor(gateway).startChild(gateway));
      const start = performance.now();
      await gateway.terminate();
      this.terminated = performance.now() - start;
      if (this.left.length > 0)
        throw new Error(`still running after terminate(): pid ${this.left.join(', ')}`);
    });
  }

  async #step(run: (gateway: Gateway) => Promise<void>): Promise<void> {
    if (this.failure) return;
    try {
      // the first step makes the gateway, and takes none
      await run(this.#gateway as Gateway);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      await this.#gateway?.terminate({ timeout: 0 }).catch(() => {});
    }
  }
}
