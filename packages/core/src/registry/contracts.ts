/**
 * What a plugin promises and what it is given: pure types, nothing here exists at run time.
 *
 * Plugins are plain objects made by factories and told apart by `kind`, never by `instanceof`, so that two copies of this package work together.
 */
import type { ExitReport } from '../errors/index.ts';
import type { Spec } from '../spec/index.ts';

/** The language that a remote end speaks; serializer and execution models follow from it. */
export type Family = 'javascript' | 'python';

/** Writes one line to the debug trace; free of cost unless `EXECNET_DEBUG` is set. Never throws. */
export type Trace = (...parts: readonly unknown[]) => void;

/** Which of the remote program's own streams printed something. */
export type OutputStream = 'stdout' | 'stderr';

/** How a connection ended: exit code or signal where the transport can tell them, the tail of stderr, the reason where there is one. */
export interface Exit extends ExitReport {
  /** The last 8 KiB at most of what was written to stderr; empty if nothing was, or if the transport can't tell it apart. */
  readonly stderr: string;
  /** Why the connection ended, when it did not end by itself: a broken pipe, a lost network, the reason given to `abort`. */
  readonly error?: Error;
}

/** Who gets what a connection delivers. No method may throw; none is called before `start` has returned. */
export interface ConnectionSink {
  /**
   * The next bytes of the protocol, in order, never empty. Unless `owned` is true, the chunk is valid during the call only: its memory is read
   * into again.
   */
  data(chunk: Uint8Array, owned?: boolean): void;
  /**
   * What the far side printed. Ordered within each stream only. Where the transport merges both, everything is `stderr`. If it returns a promise, nobody takes what
   * was printed: a connection that can let the far side wait, and its protocol go on, does not read that stream until it resolves.
   */
  output(stream: OutputStream, chunk: Uint8Array): void | Promise<void>;
  /** Exactly once, after the last `data`: the peer will send nothing more. `output` may still come until `closed`. With a reason if that was no clean end of file. */
  end(reason?: Error): void;
}

/**
 * One ordered, reliable byte pipe to the remote end. Knows nothing of messages.
 *
 * The two directions are independent: after `sink.end` bytes can still be written, and after `end()` bytes still arrive, where the
 * transport's `supports.halfClose` says so.
 */
export interface Connection {
  /** Starts delivery to `sink`. To be called once; a second call is a TypeError. What arrived before is kept and delivered first. */
  start(sink: ConnectionSink): void;
  /**
   * Queues bytes in order and never throws; false means: wait for `drained()` before you write more.
   * The chunk belongs to the connection from then on. After `end`, `abort` or the loss of the connection the bytes are dropped.
   */
  write(chunk: Uint8Array): boolean;
  /** Resolves when the queue is below its mark again, at once if it is. Never rejects: it resolves too when the connection is lost. */
  drained(): Promise<void>;
  /** Bytes accepted and not yet passed on to the operating system, or to the transport's own library. */
  readonly queued: number;
  /** Stops delivery of `data` soon; what was already read may still be delivered. `output` and `end` are not held back for long. */
  pause(): void;
  resume(): void;
  /** Keeps the local program alive while the connection is open; a new connection is ref'd. */
  ref(): void;
  unref(): void;
  /** Flushes, then lets the peer read end of file. Idempotent. */
  end(): void;
  /**
   * Tears down now, without flushing, and kills what this connection started, its process group included.
   * Idempotent; resolves when that is seen to be gone, rejects with a `TerminateError` that names what is left by host and pid.
   */
  abort(reason?: Error): Promise<void>;
  /** Settles once, never rejects: when both directions are closed and, if the transport can tell, the process is gone. */
  readonly closed: Promise<Exit>;
  /** Where the other end is, for people: `popen:4711`, `wyvern:22`, `127.0.0.1:8888`. */
  readonly remoteAddress: string;
}

/** The descriptors on which the remote program finds what it needs. */
export interface Descriptors {
  /** What the remote program reads from: 3 where the host makes a pair of its own, 0 where only stdin can be had. */
  readonly input: number;
  /** What the remote program writes to: 4 where the host makes a pair of its own, 1 where only stdout can be had. */
  readonly output: number;
  /**
   * Where the program looks for what is to become its standard output, if that is not 1, because the protocol is there: the program moves both
   * itself. For programs that others start, `sudo` for instance, which hand on 0 to 2 only; so it must not rely on finding it.
   */
  readonly stdout?: number;
}

/** A command as data; the host realises it, and only the host quotes it for a shell, if there is one on the way. */
export interface Command {
  /** The program, looked up in the PATH of the place where it starts. */
  readonly file: string;
  /** Its arguments, without its name; passed on as they are, no shell expands them. */
  readonly args: readonly string[];
  /**
   * Variables set on top of the environment of the place where it starts. Their values never appear in an argument vector
   * over a network, nor in a message or a trace.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Working folder; made if it is missing. Without it: that of the host's process, the home folder over ssh. */
  readonly cwd?: string;
  /** It is not made: that it is missing is an error. */
  readonly cwdMustExist?: boolean;
  /** Added to the niceness, -20 to 19; below 0 needs a privilege, and its lack is an error. */
  readonly nice?: number;
  /**
   * Where the program finds the protocol. The local host realises 3 and 4 as two socketpairs, one for each direction, so that input made
   * non-blocking leaves output blocking; a host that has only stdin and stdout does it with `sh -c 'exec 3<&0 4>&1 0</dev/null 1>&2; exec …'`.
   * 0 and 1 are left where they are.
   */
  readonly descriptors: Descriptors;
}

/** What a host is told besides the command. */
export interface SpawnOptions {
  /**
   * What becomes of what the program prints on its own stdout and stderr. `pipe` (the default) hands it to `sink.output`, and the gateway
   * applies the user's `stdio=` to it; `ignore` drops it; `inherit` lets the program use the host's own descriptors, where there are any.
   * The tail of stderr reaches `Exit.stderr` with `pipe` only.
   */
  readonly stdio?: 'pipe' | 'ignore' | 'inherit';
  /** Aborted before the promise settles: it rejects, and nothing is left behind. Later it has no effect. */
  readonly signal?: AbortSignal;
  readonly trace?: Trace;
}

/** A TCP endpoint or a unix-domain socket. Names are resolved where the host is. */
export type Address =
  | { readonly host: string; readonly port: number; readonly path?: never }
  | { readonly path: string; readonly host?: never; readonly port?: never };

/** What a host is told besides the address. */
export interface DialOptions {
  /** Aborted before the promise settles: it rejects, and nothing is left behind. Later it has no effect. */
  readonly signal?: AbortSignal;
  /** How long connecting may take, in milliseconds; without it as long as the platform tries. */
  readonly timeout?: number;
  /** Only addresses of this version of IP. */
  readonly family?: 4 | 6;
  readonly trace?: Trace;
}

/** Where a transport acts: here, or on the machine of the gateway named by `via=`. The same transport works in both. */
export interface Host {
  /** For people, and for what `abort` can't kill: `localhost`, or the id and address of the `via=` gateway. */
  readonly name: string;
  /** What runs there, for interpreters that the spec leaves open: its field, its path, and the variables with which that starts it. */
  readonly interpreter: {
    readonly field: string;
    readonly path: string;
    readonly env?: Readonly<Record<string, string>>;
  };
  /**
   * Starts the command in a process group of its own. Rejects with a `ConnectError` that says why it could not be started:
   * no such program, no permission, no such folder.
   */
  spawn(command: Command, options?: SpawnOptions): Promise<Connection>;
  /** Opens a stream to a TCP or unix-domain address. Rejects with a `ConnectError`: name not found, refused, timed out. */
  dial(address: Address, options?: DialOptions): Promise<Connection>;
}

/** What the connections of a transport can do; suites leave out, and say that they leave out, what they can't. */
export interface TransportSupports {
  /** `end()` closes one direction only. */
  readonly halfClose: boolean;
  /** `closed` tells the exit code or the signal. */
  readonly exitStatus: boolean;
  /** `sink.output` tells stdout and stderr apart. */
  readonly separateStdout: boolean;
}

/** What a transport is given for one connection. */
export interface TransportContext {
  readonly host: Host;
  /** What to start, whole: with environment, folder and niceness. Absent when `starts` is `peer`. */
  readonly command?: Command;
  /** Aborted: connecting stops, the promise rejects and nothing is left behind. */
  readonly signal: AbortSignal;
  readonly trace: Trace;
}

/** Makes connections. Chosen by the **name** of a spec field: `ssh` in `ssh=wyvern`. */
export interface Transport {
  readonly kind: 'transport';
  /** The field that selects it. */
  readonly field: string;
  /** Further fields that it claims: `ssh_config`. They are errors without `field`. */
  readonly options: readonly string[];
  /** `command`: it starts the interpreter that it is given. `peer`: something that already runs answers and says what it is. */
  readonly starts: 'command' | 'peer';
  /**
   * Where the interpreter runs. `host` (the default): on the machine of the host, so that a spec without an interpreter means the one that the
   * host itself runs on. `elsewhere`: on another, so that it means `node` on the `PATH` there; and since a network may fail without a word, both
   * ends hold a lease (`keepalive=`).
   */
  readonly place?: 'host' | 'elsewhere';
  readonly supports: TransportSupports;
  /** Connects; rejects with a `ConnectError` that says what was tried and why it failed. */
  connect(spec: Spec, context: TransportContext): Promise<Connection>;
}

/** What the threads of an interpreter can do. */
export interface InterpreterSupports {
  /** A thread that spins can be ended without the process. */
  readonly killThread: boolean;
  /** A thread can be given a memory limit of its own. */
  readonly threadMemoryLimit: boolean;
}

/** What an interpreter needs to become a remote end. */
export interface Boot {
  /** Starts it, without environment, folder and niceness of the spec: core adds these. */
  readonly command: Command;
  /** The first bytes on the connection; they turn the interpreter into a remote end. Asked for while it starts, so that making them takes no time. */
  preamble(): Uint8Array;
  /**
   * Takes what the remote end has made of its program, if it says so right behind HELLO (frame COMPILED), so that further ones need not make it
   * again. User code had no chance to say anything by then.
   */
  compiled?(payload: Uint8Array): void;
}

/** What an interpreter is told to boot a remote end. */
export interface BootContext {
  /** Of the gateway. */
  readonly id: string;
  readonly spec: Spec;
  readonly execmodel: ExecModel;
  /** The remote end writes these ASCII characters before anything else, so that the noise of a login shell can be told from it. */
  readonly token: string;
  /** The program to start where the spec names none; without it the one with the name of the field, on the `PATH`. */
  readonly executable?: string;
  /** It is started by this program, on this machine: bytes on the way cost next to nothing. */
  readonly local?: boolean;
  /** Milliseconds between two pings of the local end: after three times as long without a byte the remote end takes itself down. */
  readonly lease?: number;
}

/** What a remote end is asked to run, as the user gave it. */
export interface SourceRequest {
  /** `function`: `remoteExec`, with a channel. `call`: `call`, for a result. `stream`: `stream`, for all that it yields. `expose`: `expose`, for the methods of its result. */
  readonly kind: 'function' | 'call' | 'stream' | 'expose';
  readonly source: string | URL | ((...args: never[]) => unknown);
  readonly args: unknown;
}

/**
 * What a loader says instead of HELLO, behind the token, when there can be no remote end: `OLD ` and its version, or `LACKS ` and the name of
 * something that has to be installed there, then anything that helps. It exits afterwards.
 */
export interface Refusal {
  readonly word: 'OLD' | 'LACKS';
  /** What stands behind the word. */
  readonly told: string;
  /** The program that was started, for messages. */
  readonly file: string;
}

/** Boots one kind of interpreter. Chosen by the **name** of a spec field: `python` in `popen//python=pypy3`. */
export interface Interpreter {
  readonly kind: 'interpreter';
  /** The field that selects it; its value, if any, is a command, split as a shell splits words. */
  readonly field: string;
  /** Further fields that it claims: `dont_write_bytecode`. They are errors without `field`, unless it is the default. */
  readonly options: readonly string[];
  readonly family: Family;
  readonly supports: InterpreterSupports;
  /** The names of its global variables, for the purity check; empty where functions can't be sent. */
  readonly globals: readonly string[];
  /**
   * What is sent for code that is to run, where that is not JavaScript: a value of the format that the family's gateways speak, `args` included.
   * Throws a TypeError for what the interpreter can't run, saying what to give instead. Without it functions, source text and modules are
   * JavaScript.
   */
  request?(wanted: SourceRequest): Readonly<Record<string, unknown>>;
  /** Says to an operator what a refusal of its loader means and what to do. Without it what the loader said is shown. */
  explain?(refusal: Refusal): string;
  /** The command that starts it, and the bytes that turn it into a remote end. */
  boot(context: BootContext): Promise<Boot>;
  /**
   * The text of the program that makes a gateway of this interpreter a {@link Host} for others: a function of a channel, see `relay/serve.ts`.
   * Missing where it can't be one.
   */
  host?(): Promise<string>;
}

/** Schedules remote executions. Chosen by the **value** of `execmodel=`. */
export interface ExecModel {
  readonly kind: 'execmodel';
  /** The value of `execmodel=`; unique in its family. */
  readonly name: string;
  /** Further fields that it claims: `heap`. They are errors with another execution model. */
  readonly options?: readonly string[];
  readonly family: Family;
  /**
   * Where the first execution of a remote end runs. On `main` it starts at once, before the program of the model is there, which takes the
   * start of a thread; the model finds the main thread busy then. Missing where `remote` is.
   */
  readonly startsOn?: 'main' | 'thread';
  /**
   * Text of a function body that the remote end evaluates; it exports `createExecutor()`. Self-contained: it imports nothing but builtins. Missing
   * where the program of the interpreter has the model in it, as with Python.
   */
  remote?(context: ExecModelContext): Promise<string>;
  /** The same for threads that execute code, if the model has a say in how it runs; it exports `createRunner()`. */
  runner?(context: ExecModelContext): Promise<string>;
}

/** What an execution model is told to make its program for one remote end. */
export interface ExecModelContext {
  readonly spec: Spec;
  /** What the interpreter can do; a `SpecError` tells the user that something was asked for that it can't. */
  readonly supports: InterpreterSupports;
  /** The field of the interpreter, for messages. */
  readonly interpreter: string;
}

/**
 * Code of a package that serves at remote ends, started by `gateway.startService`. It is no execution: it runs in a thread of its own whatever the code of the
 * gateway does and whatever schedules that, and status does not count it. It ends with the gateway.
 */
export interface Service {
  /** For messages and stacks: `rsync`. */
  readonly name: string;
  /**
   * The text of its program for remote ends of a family, asked for each time that it is started; a gateway of a family without one refuses the service. Self-contained: it
   * imports nothing but what the interpreter brings.
   *
   * - `javascript`: a CommonJS script that exports `serve`, a `ServiceProgram`; bundlers call it `cjs`.
   * - `python`: a module that defines `serve(channel, args)`, for every version that remote ends run on; what it raises is the error of the channel.
   */
  readonly programs: Readonly<Partial<Record<Family, () => string | Promise<string>>>>;
}

/** Anything that a registry holds. */
export type Plugin = Transport | Interpreter | ExecModel;
