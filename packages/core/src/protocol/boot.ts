/**
 * What the local end tells a remote end before anything else, as JSON; the text of the program follows. Each of the two stands behind its
 * length, a `uint32`.
 */
export interface BootOptions {
  /** Written back first of all, so that whatever else was printed before can be told apart. */
  readonly token: string;
  /** Descriptors of the protocol. */
  readonly input: number;
  readonly output: number;
  /** Id of the gateway. */
  readonly id: string;
  /** Name of the execution model, for status. */
  readonly execmodel: string;
  /** Text of its program. */
  readonly executor: string;
  /** Text of the program of its runner, for threads that execute code. */
  readonly runner?: string | undefined;
  /** The first execution may start on the main thread at once, before there is a receiver. */
  readonly startsOnMain: boolean;
  /** Most threads that execute code. */
  readonly threads: number;
  /** See `BootContext.lease`. */
  readonly lease?: number | undefined;
  /** A third part follows the program: what V8 has made of it. */
  readonly cached: boolean;
}

/** What the loader hands to the program. */
export interface Start {
  /** The loader's indirect `eval`: `import()` works only in code that it evaluates. */
  readonly evaluate: (text: string) => unknown;
  /** The text of this program, for further threads. */
  readonly program: string;
  /** What V8 has made of it already; made by the same version with the same flags, or of no use. */
  readonly cache?: Uint8Array | undefined;
  readonly options: BootOptions;
}

/** What a remote end says of itself. */
export interface RemoteInfo {
  /** `node`, `bun` or `deno`; of Python ends `cpython`, `pypy` or `jython`. */
  readonly runtime: string;
  readonly version: string;
  readonly pid: number;
  readonly platform: string;
  readonly arch: string;
  readonly executable: string;
  /** The working folder; '' if it has been removed. */
  readonly cwd: string;
}

/** The payload of HELLO, as JSON: the loader says hello before there is a serializer. */
export interface Hello extends RemoteInfo {
  readonly protocol: number;
}

/** Version of the protocol between two ends of ours; `docs/protocol.md`. */
export const PROTOCOL_VERSION = 1;
