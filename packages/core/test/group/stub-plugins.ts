import { PROTOCOL_VERSION } from '../../src/protocol/index.ts';
import {
  type Connection,
  type ConnectionSink,
  type ExecModel,
  type Exit,
  type Interpreter,
  Registry,
  type Transport,
} from '../../src/registry/index.ts';
import { Code, encodeFrame } from '../../src/wire/index.ts';

/** One attempt to connect, which goes on when the test says so. */
export interface Attempt {
  readonly spec: string;
  succeed(): void;
  fail(error: Error): void;
  /** The connection was torn down. */
  readonly aborted: boolean;
  readonly connection: Connection;
}

/** A transport without processes: each connection says hello, and ends when it is told to. */
export class StubPlugins {
  readonly attempts: Attempt[] = [];
  readonly registry: Registry;
  #begun = (): void => {};

  constructor() {
    this.registry = new Registry([this.#transport(), interpreter, execmodel]);
  }

  /** Waits for this many attempts. */
  async begun(count: number): Promise<void> {
    while (this.attempts.length < count) {
      await new Promise<void>((resolve) => {
        this.#begun = resolve;
      });
    }
  }

  #transport(): Transport {
    return {
      kind: 'transport',
      field: 'stub',
      options: [],
      starts: 'command',
      supports: { halfClose: true, exitStatus: true, separateStdout: true },
      connect: (spec, { command }) =>
        new Promise((resolve, reject) => {
          const connection = new StubConnection(command?.args[0] ?? '');
          this.attempts.push({
            spec: String(spec),
            succeed: () => resolve(connection),
            fail: reject,
            connection,
            get aborted() {
              return connection.aborted;
            },
          });
          this.#begun();
        }),
    };
  }
}

const interpreter: Interpreter = {
  kind: 'interpreter',
  field: 'stubbed',
  options: [],
  family: 'javascript',
  supports: { killThread: true, threadMemoryLimit: true },
  globals: [],
  boot: async ({ token }) => ({
    command: { file: 'stub', args: [token], env: {}, descriptors: { input: 3, output: 4 } },
    preamble: () => new Uint8Array(),
  }),
};

const execmodel: ExecModel = {
  kind: 'execmodel',
  name: 'thread',
  family: 'javascript',
  startsOn: 'main',
  remote: async () => '',
};

class StubConnection implements Connection {
  readonly remoteAddress = 'stub';
  readonly queued = 0;
  readonly closed: Promise<Exit>;
  aborted = false;
  #settle!: (exit: Exit) => void;
  #sink: ConnectionSink | undefined;
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  start(sink: ConnectionSink): void {
    this.#sink = sink;
    const hello = Buffer.from(JSON.stringify({ protocol: PROTOCOL_VERSION, pid: 1, runtime: 'node' }));
    setImmediate(() => {
      sink.data(Buffer.concat([Buffer.from(this.#token), encodeFrame(Code.HELLO, 0, hello)]));
    });
  }

  write(chunk: Uint8Array): boolean {
    if (chunk[0] === Code.GATEWAY_TERMINATE) this.#end();
    return true;
  }

  async abort(): Promise<void> {
    this.aborted = true;
    this.#end();
  }

  #end(): void {
    this.#settle({ code: 0, stderr: '' });
    this.#sink?.end();
  }

  drained = async (): Promise<void> => {};
  pause(): void {}
  resume(): void {}
  ref(): void {}
  unref(): void {}
  end(): void {}
}
