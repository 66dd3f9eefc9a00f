import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { performance, setTimeout } from '../clock.ts';
import { TerminateError } from '../errors/index.ts';
import type { ConnectionSink, Descriptors, Exit, OutputStream } from '../registry/contracts.ts';
import { ByteStreams } from './byte-streams.ts';
import { Delivery } from './delivery.ts';
import { killGroup, livingMembers } from './process-group.ts';
import { StreamConnection } from './stream-connection.ts';
import { TailBuffer } from './tail-buffer.ts';
import { Flow, untilQuiet } from './until-quiet.ts';

/** How long the kernel may take to end what was killed, in milliseconds. Only a process stuck in a device takes longer. */
const KILL_PATIENCE = 2000;

const LOOK = 5;

/** The connection to a process of our own, in a process group of its own. */
export class SpawnedConnection extends StreamConnection {
  readonly closed: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #outputs: readonly (readonly [OutputStream, Readable])[];
  readonly #tail = new TailBuffer();
  /** For what it prints, which may come before there is a sink. */
  readonly #delivery = new Delivery();
  /** Bytes that have arrived, of the protocol and printed. */
  #arrived = 0;
  /** Nothing of the process group is left: its number may belong to somebody else from now on. */
  #exited = false;
  #groupGone = false;
  readonly #flow = new Flow();
  #abortReason: Error | undefined;
  #aborted: Promise<void> | undefined;

  constructor(child: ChildProcess, descriptors: Descriptors) {
    const stdio = child.stdio as readonly unknown[];
    super(
      new ByteStreams(stdio[descriptors.output] as Readable, stdio[descriptors.input] as Writable),
      `popen:${child.pid}`,
    );
    this.#child = child;
    this.#pid = child.pid as number;
    this.#outputs = (
      [
        ['stdout', stdio[descriptors.stdout ?? 1]],
        ['stderr', stdio[2]],
      ] as const
    ).filter(
      (output): output is readonly [OutputStream, Readable] =>
        isReadable(output[1]) && output[1] !== stdio[descriptors.output],
    );
    for (const [name, stream] of this.#outputs) {
      stream.on('data', (chunk: Uint8Array) => this.#printed(name, stream, chunk));
      stream.on('error', () => {});
    }
    this.closed = this.#watch();
  }

  override start(sink: ConnectionSink): void {
    super.start({
      data: (chunk, owned) => {
        this.#arrived += chunk.length;
        sink.data(chunk, owned);
      },
      output: (stream, chunk) => sink.output(stream, chunk),
      end: (reason) => sink.end(reason),
    });
    this.#delivery.start(sink);
  }

  override pause(): void {
    // what is under way when it is killed waits for no reader
    if (this.#aborted) return;
    super.pause();
    this.#flow.stop();
  }

  override resume(): void {
    this.#flow.go();
    super.resume();
  }

  override ref(): void {
    this.#holdChild(true);
    super.ref();
    for (const stream of this.#openOutputs) stream.ref?.();
  }

  override unref(): void {
    this.#holdChild(false);
    super.unref();
    for (const stream of this.#openOutputs) stream.unref?.();
  }

  /** Node waits for a socket that has no handle any more to be connected again, and collects a listener with each call. */
  get #openOutputs(): readonly { ref?(): void; unref?(): void }[] {
    return this.#outputs.flatMap(([, stream]) => (stream.destroyed ? [] : [stream as object]));
  }

  get pid(): number {
    return this.#pid;
  }

  /** Sends a signal to all of its group, if there is one. */
  signal(name: NodeJS.Signals): void {
    if (this.#groupGone) return;
    try {
      process.kill(-this.#pid, name);
    } catch {
      // it has just ended
    }
  }

  /** The kill is sent before this returns, so that it works in an exit handler. */
  abort(reason?: Error): Promise<void> {
    this.#abortReason ??= reason;
    if (!this.#groupGone) killGroup(this.#pid);
    this.#aborted ??= this.#gone();
    this.#flow.go();
    return this.#aborted;
  }

  /** Deno throws for a process that has ended, also before it has told so. */
  #holdChild(held: boolean): void {
    try {
      if (held) this.#child.ref();
      else this.#child.unref();
    } catch {
      // what has ended keeps no program alive
    }
  }

  async #gone(): Promise<void> {
    this.ref();
    const deadline = performance.now() + KILL_PATIENCE;
    const exited = this.closed.then(() => true);
    for (;;) {
      const pause = new Promise<false>((resolve) => setTimeout(resolve, LOOK, false));
      const left = this.#groupGone ? [] : livingMembers(this.#pid);
      if (left.length === 0 && (await Promise.race([exited, pause]))) return;
      if (performance.now() > deadline) {
        const remains = left.map((pid) => `localhost pid ${pid}`);
        if (remains.length === 0) return;
        // what can't be killed must not keep the program from ending too
        this.unref();
        throw new TerminateError(`${remains.join(', ')} can't be killed`, remains);
      }
      // members that were forked while the group was being killed
      if (left.length > 0) {
        killGroup(this.#pid);
        await pause;
      }
    }
  }

  #printed(name: OutputStream, stream: Readable, chunk: Uint8Array): void {
    this.#arrived += chunk.length;
    if (name === 'stderr') this.#tail.push(chunk);
    const room = this.#delivery.output(name, chunk);
    // what is left of a process that has ended is little, and is read now or never
    if (!room || this.#exited) return;
    stream.pause();
    void room.then(() => stream.resume());
  }

  async #watch(): Promise<Exit> {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      this.#child.once('exit', (...how) => resolve(how));
    });
    this.#exited = true;
    for (const [, stream] of this.#outputs) stream.resume();
    // what the interpreter leaves behind goes with it, and lets go of its streams
    killGroup(this.#pid);
    await this.#drainOutputs();
    this.#groupGone = livingMembers(this.#pid).length === 0;
    this.streams.finish();
    this.streams.destroy();
    for (const [, stream] of this.#outputs) stream.destroy();
    return {
      ...(code === null ? {} : { code }),
      ...(signal === null ? {} : { signal }),
      stderr: this.#tail.toString(),
      ...(this.#abortReason ? { error: this.#abortReason } : {}),
    };
  }

  /** Waits for what the process wrote before it ended, the protocol's own stream included. */
  async #drainOutputs(): Promise<void> {
    const streams = [...this.#outputs.map(([, stream]) => stream), this.streams.input];
    const ended = Promise.all(
      streams
        .filter((stream) => !stream.closed && !stream.readableEnded && !stream.destroyed)
        .map((stream) => new Promise((resolve) => stream.once('close', resolve).once('end', resolve))),
    );
    await untilQuiet({ ended, arrived: () => this.#arrived, flowing: () => this.#flow.flowing });
  }
}

/** Not so: what is ignored or inherited. */
function isReadable(stream: unknown): stream is Readable {
  return typeof (stream as Partial<Readable> | null | undefined)?.read === 'function';
}
