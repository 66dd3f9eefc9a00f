import { ConnectError, type ErrorCode, ProtocolError } from '../errors/index.ts';
import { TailBuffer } from '../host/index.ts';
import { type Hello, PROTOCOL_VERSION } from '../protocol/index.ts';
import type { Command, Exit, OutputStream, Refusal } from '../registry/contracts.ts';
import { Code, codeName, FrameDecoder } from '../wire/index.ts';

/** More than that before the token is no login shell's greeting: something else is there. */
const MAX_NOISE = 1024 * 1024;

/** How much of the noise an error message shows. */
const SHOWN_NOISE = 2048;

/** A HELLO is some 300 bytes. */
const MAX_HELLO = 65536;

/** The words with which a loader refuses; no frame begins with one of their letters. */
const REFUSALS: Readonly<Record<Refusal['word'], ErrorCode>> = {
  OLD: 'ERR_EXECNET_INTERPRETER_TOO_OLD',
  LACKS: 'ERR_EXECNET_UNSUPPORTED',
};

/** A version, or a name and the message of an error. */
const MAX_REFUSAL = 1024;

const IS_IT_ONE = 'is it an interpreter of the kind that the spec names?';

/**
 * Waits for the token and the HELLO of a remote end: a machine that is fed with what arrives. Everything before the token is kept for
 * messages and otherwise dropped.
 */
export class Handshake {
  /** What the remote end says of itself; rejects with a `ConnectError` if it says something else. */
  readonly greeting: Promise<Hello>;
  readonly #token: Buffer;
  readonly #command: Command;
  readonly #explain: (refusal: Refusal) => string | undefined;
  readonly #noise = new TailBuffer(SHOWN_NOISE);
  readonly #complaints = new TailBuffer(SHOWN_NOISE);
  #noiseSize = 0;
  #printedSize = 0;
  #pending: Buffer = Buffer.alloc(0);
  #recognized = false;
  #greeted = false;
  #resolve!: (hello: Hello) => void;
  #reject!: (error: Error) => void;

  /** `command`: what is started, for messages. `explain`: what the interpreter says about a refusal of its loader. */
  constructor(
    token: string,
    command: Command,
    explain: (refusal: Refusal) => string | undefined = () => undefined,
  ) {
    this.#command = command;
    this.#explain = explain;
    this.#token = Buffer.from(token, 'latin1');
    this.greeting = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.greeting.catch(() => {});
  }

  /** What has arrived behind the HELLO. */
  get rest(): Uint8Array {
    return this.#pending;
  }

  /** Something that was printed before the token, for messages. */
  get noise(): string {
    // what might have been the beginning of the token
    const rest = this.#recognized ? '' : this.#pending.toString();
    return `${this.#noise.toString()}${rest}`.trim();
  }

  /** The output so far, for the message of a timeout. */
  said(): string {
    return saidOf(this.#complaints.toString(), this.noise, this.#command);
  }

  data(chunk: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (this.#greeted) return;
    if (!this.#recognized && !this.#findToken()) return;
    this.#readHello();
  }

  /** Something was printed. False when it is more than can be kept: the greeting has failed then. */
  printed(stream: OutputStream, chunk: Uint8Array): boolean {
    this.#printedSize += chunk.length;
    (stream === 'stdout' ? this.#noise : this.#complaints).push(chunk);
    if (this.#printedSize <= MAX_NOISE) return true;
    this.#tooNoisy(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString());
    return false;
  }

  /** Nothing more will come. Tells why that is, by how the program ended. */
  ended(exit: Exit): void {
    this.#reject(this.#refusal() ?? told(exit) ?? describeEnd(exit, this.#command, this.noise));
  }

  #findToken(): boolean {
    const at = this.#pending.indexOf(this.#token);
    if (at >= 0) {
      this.#drop(at);
      this.#pending = this.#pending.subarray(at + this.#token.length);
      this.#recognized = true;
      return true;
    }
    // the token may have begun at the end of this chunk
    this.#drop(Math.max(0, this.#pending.length - this.#token.length + 1));
    this.#pending = this.#pending.subarray(Math.max(0, this.#pending.length - this.#token.length + 1));
    if (this.#noiseSize > MAX_NOISE) this.#tooNoisy(this.noise);
    return false;
  }

  #tooNoisy(noise: string): void {
    const shown = noise.slice(-SHOWN_NOISE).trim();
    this.#reject(
      new ConnectError(
        'ERR_EXECNET_NOT_AN_INTERPRETER',
        `${nameOf(this.#command)} prints without end and says no hello: ${IS_IT_ONE} It prints: ${withoutProgram(shown, this.#command)}`,
      ),
    );
  }

  #drop(size: number): void {
    if (size === 0 || this.#noiseSize > MAX_NOISE) return;
    this.#noise.push(this.#pending.subarray(0, size));
    this.#noiseSize += size;
  }

  #readHello(): void {
    // the rest of a refusal may still be on the way: who refuses ends by itself, and that is told then
    if (this.#pending.length === 0 || this.#refuses() !== undefined) return;
    const decoder = new FrameDecoder(
      (code, _id, payload) => {
        decoder.stop();
        this.#greet(code, payload, decoder);
      },
      { maxPayload: MAX_HELLO },
    );
    try {
      decoder.push(this.#pending);
    } catch (error) {
      this.#reject(
        new ConnectError(
          'ERR_EXECNET_NOT_AN_INTERPRETER',
          `${nameOf(this.#command)} answered, but said no hello (${(error as Error).message}): ${IS_IT_ONE}`,
          { cause: error },
        ),
      );
    }
  }

  #greet(code: number, payload: Uint8Array, decoder: FrameDecoder): void {
    if (code !== Code.HELLO) throw new ProtocolError(`${codeName(code)} arrived before HELLO`);
    const hello = JSON.parse(Buffer.from(payload).toString()) as Hello;
    if (hello?.protocol !== PROTOCOL_VERSION) {
      this.#reject(
        new ConnectError(
          'ERR_EXECNET_PROTOCOL_VERSION',
          `the remote end speaks version ${String(hello?.protocol)} of the protocol, this end version ${PROTOCOL_VERSION}`,
        ),
      );
      return;
    }
    this.#greeted = true;
    this.#pending = Buffer.from(decoder.rest);
    this.#resolve(hello);
  }

  /** The word of the refusal that has begun to arrive. */
  #refuses(): Refusal['word'] | undefined {
    if (!this.#recognized || this.#pending.length === 0) return undefined;
    const text = this.#pending.toString('latin1');
    return (Object.keys(REFUSALS) as Refusal['word'][]).find((word) =>
      `${word} `.startsWith(text.slice(0, word.length + 1)),
    );
  }

  #refusal(): ConnectError | undefined {
    const word = this.#refuses();
    if (word === undefined || this.#pending.length <= word.length) return undefined;
    const told = this.#pending
      .subarray(word.length + 1)
      .toString()
      .slice(0, MAX_REFUSAL)
      .trim();
    const { file } = this.#command;
    const message = this.#explain({ word, told, file });
    return new ConnectError(REFUSALS[word], message ?? `${file} can't be a remote end: ${word} ${told}`);
  }
}

/** A transport that knows why says so. By name: the error may be of another copy of this package. */
function told({ error }: Exit): ConnectError | undefined {
  return error?.name === 'ConnectError' ? (error as ConnectError) : undefined;
}

function nameOf({ file }: Command): string {
  return JSON.stringify(file);
}

function describeEnd({ code, signal, stderr, error }: Exit, command: Command, noise: string): ConnectError {
  const name = nameOf(command);
  const how = error
    ? `failed (${error.message})`
    : signal
      ? `was ended by ${signal}`
      : code === undefined
        ? 'closed the connection'
        : `ended with code ${code}`;
  const suffix = saidOf(stderr, noise, command);
  // what a shell, or a program that starts another, says of one that it can't start (POSIX)
  if (code === 127)
    return new ConnectError(
      'ERR_EXECNET_INTERPRETER_NOT_FOUND',
      `the interpreter was not found: ${name} ${how}${suffix}`,
    );
  if (code === 126)
    return new ConnectError(
      'ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE',
      `the interpreter can't be executed: ${name} ${how}${suffix}`,
    );
  return new ConnectError(
    'ERR_EXECNET_NOT_AN_INTERPRETER',
    `${name} ${how} before it said hello: ${IS_IT_ONE}${suffix}`,
    { cause: error },
  );
}

/** The end of a message that tells what was printed. */
function saidOf(stderr: string | undefined, stdout: string, command: Command): string {
  const complaints = withoutProgram(stderr ?? '', command).trim();
  const printed = withoutProgram(stdout, command);
  return [complaints && `; it wrote to stderr: ${complaints}`, printed && `; it printed: ${printed}`].join(
    '',
  );
}

/** From this length on an argument is a program text, which shells and tools that take it for something else print. */
const PROGRAM = 200;

/** So much of the end of a program is it without doubt. */
const END_OF_PROGRAM = 40;

/** A text that was printed, without our own program, which nobody wants to read. */
function withoutProgram(text: string, command: Command): string {
  const name = '(the program that was to run)';
  const programs = command.args.filter((word) => word.length >= PROGRAM);
  return programs.reduce((shown, word) => {
    const program = word.trim();
    const rest = shown.replaceAll(program, name);
    // of what is long only the end is kept
    const end = rest.indexOf(program.slice(-END_OF_PROGRAM)) + END_OF_PROGRAM;
    return end >= END_OF_PROGRAM && program.endsWith(rest.slice(0, end)) ? name + rest.slice(end) : rest;
  }, text);
}
