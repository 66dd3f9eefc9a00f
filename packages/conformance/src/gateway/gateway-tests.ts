import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { type Channel, type Gateway, RemoteError, type SpecObject } from '@execnet/core';
import * as assert from 'uvu/assert';
import { SelectedSuite, type Selection } from '../selected-suite.ts';

/** What the gateway suites are told of the gateways under test. */
export interface GatewayFixture extends Selection {
  /** Makes a gateway of the kind under test, in a group of its own choice; `fields` are added to its spec. The suite terminates it. */
  makeGateway(fields?: SpecObject): Promise<Gateway>;
  /** Executions share neither globals nor the main thread: tests of that are left out. */
  readonly isolated?: boolean;
  /**
   * How executions run beside each other: in threads, so that one may block (the default); as tasks that take turns; or not at all. Tests that need
   * more are left out.
   */
  readonly beside?: 'threads' | 'tasks' | 'never';
  /** What remote code prints to stdout arrives apart from stderr (`supports.separateStdout` of the transport). Default: true. */
  readonly separateStdout?: boolean;
  /** Generator functions run as operations, as under `execmodel=structured`. */
  readonly operations?: boolean;
}

/** What takes longer hangs, and is told by its title instead of ending the run: Jython needs a third of it for large items on a busy machine. In milliseconds. */
const LIMIT = 60_000;

/** Remote ends of tests hold nothing that needs to be cleaned up; so short that a broken test does not hold up the rest. In milliseconds. */
const TERMINATE = { timeout: 500 };

/**
 * The tests of one suite, most of which share a gateway: for tests of what a gateway does, not of how it begins and ends.
 *
 * After each test nothing may be executing; after one that failed the next begins with a new gateway.
 */
export class GatewayTests {
  readonly #suite: SelectedSuite;
  readonly #fixture: GatewayFixture;
  #shared: Promise<Gateway> | undefined;

  constructor(name: string, topic: string, fixture: GatewayFixture) {
    this.#suite = new SelectedSuite(name, topic, fixture);
    this.#fixture = fixture;
    this.#suite.after(() => this.#drop());
  }

  /** A test with the shared gateway, on which nothing executes. */
  test(title: string, body: (gateway: Gateway) => unknown): void {
    this.#suite.test(title, async () => {
      try {
        this.#shared ??= this.#fixture.makeGateway();
        const gateway = await this.#shared;
        await within(async () => {
          await body(gateway);
          await settled(gateway);
        });
      } catch (error) {
        await this.#drop();
        throw error;
      }
    });
  }

  /** A test of what executions share with each other. */
  testShared(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.#fixture.isolated) this.leaveOut(title, 'executions share nothing');
    else this.test(title, body);
  }

  /** A test of executions that run beside each other and take turns. */
  testBeside(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.#fixture.beside === 'never') this.leaveOut(title, 'only one execution runs at a time');
    else this.test(title, body);
  }

  /** A test of executions that run beside each other although one blocks. */
  testThreads(title: string, body: (gateway: Gateway) => unknown): void {
    if (this.#fixture.beside === 'tasks') this.leaveOut(title, 'code that blocks holds up all executions');
    else this.testBeside(title, body);
  }

  /** Whether an execution is refused while another runs. */
  get oneAtATime(): boolean {
    return this.#fixture.beside === 'never';
  }

  /** Where what remote code prints to its stdout arrives, under `stdio=pipe`. */
  printedBy(gateway: Gateway): Readable | undefined {
    return this.#fixture.separateStdout === false ? gateway.stderr : gateway.stdout;
  }

  /** Counts a test as skipped; the runner of the test files reads the line. */
  leaveOut(title: string, reason: string): void {
    this.#suite.leaveOut(title, reason);
  }

  /** A test with a gateway of its own, terminated at its end whatever runs there. */
  testWith(fields: SpecObject, title: string, body: (gateway: Gateway) => unknown): void {
    this.#suite.test(title, async () => {
      const gateway = await this.#fixture.makeGateway(fields);
      try {
        await within(() => body(gateway));
      } finally {
        await gateway.terminate(TERMINATE);
      }
    });
  }

  /** Runs the tests, after what was run before. */
  run(): void {
    this.#suite.run();
  }

  async #drop(): Promise<void> {
    const gateway = await this.#shared?.catch(() => undefined);
    this.#shared = undefined;
    await gateway?.terminate(TERMINATE);
  }
}

async function within(body: () => unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      body(),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the test takes longer than ${LIMIT} ms`)), LIMIT);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the remote end has no more than `left` executions: the end of one is seen a little after its channel has closed here. */
export async function settled(gateway: Gateway, left = 0): Promise<void> {
  for (;;) {
    const { numExecuting, numQueued } = await gateway.remoteStatus();
    if (numExecuting + numQueued <= left) return;
  }
}

/** Cancels the execution behind the channel, if it still runs, and resolves when it is over. */
export const stop = async (channel: AsyncDisposable): Promise<void> => await channel[Symbol.asyncDispose]();

/** A test of code that heeds no cancellation, and can't be ended without the remote end. `spins`: it says so, and goes on. */
export function testGoingOn(tests: GatewayTests, spins: string): void {
  tests.testWith({}, 'who waits for code that goes on after its cancellation is told', async (gateway) => {
    const channel = gateway.remoteExec<string>(spins);
    assert.is(await channel.receive(), 'spins');
    channel.cancel();
    const errors = await Promise.all([failureOf(channel.waitClose()), failureOf(stop(channel))]);
    for (const { code, message } of errors) {
      assert.is(code, 'ERR_EXECNET_STILL_RUNNING');
      assert.match(message, 'terminating the gateway');
    }
    assert.is((await gateway.remoteStatus()).numExecuting, 1);
    await gateway.terminate({ timeout: 100 });
  });
}

/** Asserts that whatever is begun with a channel fails with this reason. All of it is begun at once. */
export async function assertAllFailWith(channel: Channel<unknown, never>, reason: unknown): Promise<void> {
  const failing = [
    channel.receive(),
    channel.send(1 as never),
    channel.end(),
    channel[Symbol.asyncIterator]().next(),
  ];
  for (const failure of failing) assert.is(await failureOf(failure), reason);
}

/** Such code in JavaScript. */
export const SPINS = "channel.sendSync('spins'); for (;;);";

/** The warnings of this process while `body` runs, and until there are as many as are `expected`. */
export async function warningsWhile(body: () => unknown, expected = 0): Promise<string[]> {
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  try {
    await body();
    do await new Promise((resolve) => setImmediate(resolve));
    while (warnings.length < expected);
  } finally {
    process.off('warning', note);
  }
  return warnings;
}

/** Takes items by a callback until the end marker has come, and tells what has come on `out`, or on its own channel. */
export const takeByCallback = async (
  channel: Channel<number, unknown[]>,
  out: Channel<never, unknown[]> | undefined,
): Promise<void> => {
  const seen: unknown[] = [];
  await new Promise<void>((resolve) => {
    channel.setCallback(
      (item) => {
        seen.push(item);
        if (item === null) resolve();
      },
      { endMarker: null },
    );
  });
  await (out ?? channel).send(seen);
};

export interface Busy {
  readonly channel: Channel<string, string>;
  end(): Promise<void>;
}

/** An execution that blocks its thread until it is ended. */
export async function occupy(gateway: Gateway): Promise<Busy> {
  const channel = gateway.remoteExec((channel: Channel<string, string>) => {
    channel.sendSync('busy');
    channel.receiveSync();
  });
  assert.is(await channel.receive(), 'busy');
  return {
    channel,
    async end() {
      await channel.send('end');
      await channel.waitClose();
    },
  };
}

/** What `promise` rejects with, or what `run` throws; an error if it does not. */
export async function failureOf(run: Promise<unknown> | (() => unknown)): Promise<Error & { code?: string }> {
  let value: unknown;
  try {
    value = await (typeof run === 'function' ? run() : run);
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected a failure, but got ${String(value)}`);
}

/** What comes of connecting to a port of this machine: `accepted`, or the code of the error. */
export async function dial(port: number): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve('accepted');
    });
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'none'));
  });
}

/** The error of a function that fails at the remote end. */
export async function remoteFailure(
  gateway: Gateway,
  fn: (arg: unknown) => unknown,
  arg?: unknown,
): Promise<RemoteError> {
  const error = await failureOf(gateway.call(fn, arg));
  assert.instance(error, RemoteError);
  return error as RemoteError;
}
