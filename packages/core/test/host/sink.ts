import type { Connection, ConnectionSink, OutputStream } from '../../src/registry/index.ts';

/** Everything that a connection delivers. */
export class Sink implements ConnectionSink {
  bytes: Buffer = Buffer.alloc(0);
  readonly outputs: Record<OutputStream, string> = { stdout: '', stderr: '' };
  /** How often, and with what, the end was told. */
  readonly ends: (Error | undefined)[] = [];
  readonly ended: Promise<void>;
  #settle: () => void = () => {};
  #look: () => void = () => {};

  constructor(connection: Connection) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    connection.start(this);
  }

  get text(): string {
    return this.bytes.toString();
  }

  data(chunk: Uint8Array): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.#look();
  }

  output(stream: OutputStream, chunk: Uint8Array): void {
    this.outputs[stream] += Buffer.from(chunk).toString();
    this.#look();
  }

  end(reason?: Error): void {
    this.ends.push(reason);
    this.#settle();
    this.#look();
  }

  /** Waits until what arrived satisfies `wanted`, or the end. */
  async until(wanted: (sink: this) => boolean): Promise<void> {
    while (!wanted(this) && this.ends.length === 0) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}
