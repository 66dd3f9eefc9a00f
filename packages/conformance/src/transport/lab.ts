import { randomBytes } from 'node:crypto';
import type { Gateway, SpecObject } from '@execnet/core';
import type {
  Command,
  Connection,
  Exit,
  Spec,
  Transport,
  TransportContext,
  TransportSupports,
} from '@execnet/core/plugin';
import * as assert from 'uvu/assert';
import type { Selection } from '../selected-suite.ts';
import { Recorder } from './recorder.ts';

/** What the transport suite is told of the transport under test. */
export interface TransportFixture extends Selection {
  readonly transport: Transport;
  /**
   * Makes a gateway over `transport`, which is the one under test or stands for it; `fields` are added to a spec that selects it, and that names an
   * interpreter for JavaScript. The suite terminates it.
   */
  makeGateway(transport: Transport, fields?: SpecObject): Promise<Gateway>;
  /** What it can't do, although `supports` has no word for it; the checks of that are left out. */
  readonly lacks?: readonly Lack[];
}

/**
 * - `signals`: exit codes are told, but not the signal that ended a program (`docker run`).
 * - `high codes`: codes above 128 are told as the signals that a shell means by them (a shell waited for the program).
 * - `end of output`: that no more bytes come is told when the program has closed what it prints to as well, and not before (a shell waited for the program, or OpenSSH's server).
 * - `exit`: that the program has ended is told when nobody holds what it printed to any more, and not before (that server, through its client).
 * - `backpressure`: nobody can tell when what is written has left.
 */
export type Lack = 'signals' | 'high codes' | 'end of output' | 'exit' | 'backpressure';

/** What a transport is given besides the command. */
interface Surroundings {
  readonly spec: Spec;
  readonly context: TransportContext;
}

/** A program that a check has started, and what its connection has brought. */
export interface Opened {
  readonly connection: Connection;
  readonly sink: Recorder;
}

/** What a check starts besides a line of shell. */
export interface StartOptions extends Partial<Omit<Command, 'descriptors'>> {
  readonly signal?: AbortSignal;
}

/** The variable by which what a check has started is known, whatever becomes of its parents. */
const MARK = 'EXECNET_CONFORMANCE';

/** Prints the numbers of those processes that run, of those that it reads. Zombies don't: they wait for a parent that may never look. */
const RUNNING = `IFS= read -r pids <&3
for p in $pids; do
  if [ -r /proc/self/stat ]; then { IFS= read -r s </proc/$p/stat; } 2>/dev/null || continue
    s=\${s##*) }; case $s in [ZX]*) continue;; esac; else kill -0 $p 2>/dev/null || continue; fi
  printf '%s ' $p
done >&4; echo >&4`;

/** Prints the numbers of the processes that have what it reads in their environment. Finds none where there is no /proc. */
const MARKED = `IFS= read -r mark <&3
for f in $(grep -lsF -- "$mark" /proc/[0-9]*/environ 2>/dev/null); do f=\${f#/proc/}; printf '%s ' "\${f%/environ}"; done >&4; echo >&4`;

/** How often the numbers of what is about to end are asked for before it counts as left: what was killed is gone within milliseconds. */
const LOOKS = 50;

/** Everything that one check makes; it is gone when the check is over, or the check has failed. */
export class Lab {
  readonly fixture: TransportFixture;
  readonly mark: string = randomBytes(8).toString('hex');
  /** What the transport has written to the trace. */
  readonly traced: unknown[] = [];
  readonly #opened: Opened[] = [];
  readonly #connections: Connection[] = [];
  readonly #gateways: Gateway[] = [];
  readonly #asking: Lab[] = [];
  #cleared = false;
  #probe: Promise<Opened> | undefined;

  constructor(fixture: TransportFixture) {
    this.fixture = fixture;
  }

  get supports(): TransportSupports {
    return this.fixture.transport.supports;
  }

  /** Has the transport start `sh` with a script, which finds the protocol on 3 and 4. */
  async connect(script: string, { signal, env, ...command }: StartOptions = {}): Promise<Connection> {
    const { spec, context } = await surroundingsOf(this.fixture);
    const connection = await this.fixture.transport.connect(spec, {
      ...context,
      signal: signal ?? new AbortController().signal,
      trace: (...parts) => this.traced.push(...parts),
      command: {
        file: 'sh',
        args: ['-c', script],
        ...command,
        env: { [MARK]: this.mark, ...env },
        descriptors: { input: 3, output: 4 },
      },
    });
    return await this.#keep(connection);
  }

  /** The same, started. */
  async open(script: string, options?: StartOptions): Promise<Opened> {
    return this.start(await this.connect(script, options));
  }

  start(connection: Connection): Opened {
    const sink = new Recorder();
    connection.start(sink);
    sink.started();
    connection.closed.then(
      () => sink.closed(),
      () => sink.faults.push('closed rejects'),
    );
    const opened = { connection, sink };
    this.#opened.push(opened);
    return opened;
  }

  /** Runs a script to its end, and resolves with how it ended and what it wrote. */
  async run(script: string, options?: StartOptions): Promise<Exit & { readonly text: string }> {
    const { connection, sink } = await this.open(script, options);
    const [exit] = await Promise.all([connection.closed, sink.ended]);
    return { ...exit, text: sink.text };
  }

  /** Those of these processes that run, where the transport starts them. */
  async running(pids: readonly number[]): Promise<number[]> {
    return await this.#ask(RUNNING, pids.join(' '));
  }

  async assertGone(pids: readonly number[]): Promise<void> {
    assert.equal(await this.running(pids), [], 'processes are left');
  }

  /** Why a program could not be started: at once, or as the end of its connection. */
  async startFailure(options: StartOptions): Promise<Error & { code?: string }> {
    let opened: Opened;
    try {
      opened = await this.open('', options);
    } catch (error) {
      return error as Error;
    }
    const { error, ...exit } = await opened.connection.closed;
    if (error) return error;
    throw new Error(`it was started, and ended: ${JSON.stringify(exit)}`);
  }

  /** A gateway over the transport, and its connection. */
  async gateway(fields?: SpecObject): Promise<{ gateway: Gateway; connection: Connection }> {
    let connection: Connection | undefined;
    const { transport } = this.fixture;
    const watched: Transport = {
      ...transport,
      connect: async (spec, context) => {
        connection = await transport.connect(spec, context);
        return await this.#keep(connection);
      },
    };
    const env = { [MARK]: this.mark, ...fields?.env };
    const gateway = await this.fixture.makeGateway(watched, { ...fields, env });
    this.#gateways.push(gateway);
    if (!connection) throw new Error('makeGateway does not use the transport that it is given');
    return { gateway, connection };
  }

  /** Answers of the far side on another connection: what is under way there has come by then. */
  async quiet(): Promise<void> {
    this.#probe ??= this.open('cat <&3 >&4');
    const { connection, sink } = await this.#probe;
    for (let round = 0; round < 10; round++) {
      const size = sink.size + 1;
      connection.write(Buffer.from('x'));
      await sink.arrived(size);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits until nothing is left of what was started with the mark. */
  async assertNothingLeft(): Promise<void> {
    let left: number[] = [];
    for (let look = 0; look < LOOKS; look++) {
      left = await this.#ask(MARKED, `${MARK}=${this.mark}`);
      if (left.length === 0) return;
    }
    assert.equal(left, [], 'processes are left');
  }

  /** Ends all that was made, and what a check that goes on after its time makes from now on. */
  async clear(): Promise<void> {
    this.#cleared = true;
    await Promise.allSettled(this.#gateways.map((gateway) => gateway.terminate({ timeout: 200 })));
    await Promise.allSettled(this.#connections.map((connection) => connection.abort()));
    await Promise.allSettled(this.#asking.map((lab) => lab.clear()));
  }

  /** Ends all that was made, and looks whether it behaved. */
  async settle(): Promise<void> {
    for (const gateway of this.#gateways) await gateway.terminate({ timeout: 200 });
    for (const connection of this.#connections) await connection.abort();
    for (const { sink } of this.#opened) assert.equal(sink.faults, []);
    await this.assertNothingLeft();
  }

  async #keep(connection: Connection): Promise<Connection> {
    if (this.#cleared) {
      await connection.abort();
      throw new Error('the check is over');
    }
    this.#connections.push(connection);
    return connection;
  }

  /** Asks a script of a lab of its own, which nobody looks at. */
  async #ask(script: string, question: string): Promise<number[]> {
    const asking = new Lab(this.fixture);
    this.#asking.push(asking);
    const { connection, sink } = await asking.open(script);
    connection.write(Buffer.from(`${question}\n`));
    const answer = await sink.firstLine();
    await connection.closed;
    // whatever the transport does about the end is done then
    await connection.abort();
    return answer.split(' ').filter(Boolean).map(Number);
  }
}

const surroundings = new WeakMap<TransportFixture, Promise<Surroundings>>();

/** What core gives to the transport where the gateways of the fixture are made. */
async function surroundingsOf(fixture: TransportFixture): Promise<Surroundings> {
  const known = surroundings.get(fixture) ?? watch(fixture);
  surroundings.set(fixture, known);
  return await known;
}

async function watch(fixture: TransportFixture): Promise<Surroundings> {
  let seen: Surroundings | undefined;
  const watching: Transport = {
    ...fixture.transport,
    connect: async (spec, context) => {
      seen = { spec, context };
      throw new Error('no gateway is wanted');
    },
  };
  await fixture.makeGateway(watching).catch(() => {});
  if (!seen) throw new Error('makeGateway does not use the transport that it is given');
  return seen;
}
