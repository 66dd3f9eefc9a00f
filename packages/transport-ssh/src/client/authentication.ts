import { stat } from 'node:fs/promises';
import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import { ConnectError } from '@execnet/core/plugin';
import type { AuthenticationType, AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import type { Destination } from '../config/index.ts';
import { ssh2 } from '../library.ts';
import type { Login, Prompt, SshOptions } from '../options.ts';
import { readBounded } from '../read-bounded.ts';
import { type Later, type SelectedKeys, selectKeys } from './agent.ts';
import { MAX_SHA512, needsPassphrase, parsePrivateKey, signingWithSha512 } from './private-key.ts';

/** What ssh2 takes as one attempt. */
type Attempt = Parameters<Parameters<AuthHandlerMiddleware>[2]>[0];

/** How ssh2 asks. */
type KeyboardInteractive = Extract<Attempt, { type: 'keyboard-interactive' }>['prompt'];

/** More passphrases, passwords or answers than that for one key or method would be a machine that guesses; the configured number is below. */
const MAX_PROMPTS = 20;

/** The largest file of a key, in bytes: OpenSSH's MAX_KEY_FILE_SIZE. */
const MAX_KEY = 1024 * 1024;

/** How many proofs a server may ask for, one after the other; two or three are what there is. */
const MAX_PROOFS = 10;

export interface AuthenticationContext {
  /** The key of the server is accepted although another one is known. */
  readonly changedKey: () => boolean;
  readonly later: Later;
}

/**
 * Tries one way after the other to prove who the user is, as the OpenSSH client does: the keys of the agent that the configuration names, other keys of
 * the agent, key files, answers to questions, passwords; each only as long as the server offers its method. Remembers what it tried, for the message
 * when nothing helped.
 */
export class Authentication {
  /** What the server would still have taken. */
  offered: readonly string[] = [];
  /** A callback threw, or something else that ends all. */
  failure: Error | undefined;
  readonly #destination: Destination;
  readonly #options: SshOptions;
  readonly #tried: (string | (() => string))[] = [];
  /** The server was content with the last attempt, and wants more. */
  #partial = false;
  readonly #later: Later;
  #agent: SelectedKeys | undefined;
  #closed = false;
  readonly #attempts: AsyncGenerator<Attempt, void, void>;

  constructor(destination: Destination, options: SshOptions, { changedKey, later }: AuthenticationContext) {
    this.#destination = destination;
    this.#options = options;
    this.#later = later;
    this.#attempts = this.#all(changedKey);
  }

  /** For ssh2: asked for each next attempt. */
  readonly handler: AuthHandlerMiddleware = (methods: AuthenticationType[] | null, partial, next) => {
    if (methods) this.offered = methods;
    if (partial) this.#partial = true;
    // nobody is to be asked for a login that is over
    if (this.#closed) return;
    this.#attempts.next().then(
      // `false` ends the authentication; the types of ssh2 do not know it
      ({ value, done }) => this.#later(() => next((done ? false : value) as Attempt)),
      (error: unknown) => {
        this.failure = asFailure(error);
        this.#later(() => next(false as unknown as Attempt));
      },
    );
  };

  /** Each attempt, in words. */
  get tried(): readonly string[] {
    return this.#tried.map((one) => (typeof one === 'string' ? one : one()));
  }

  /** Who is to answer next, if it is not the server. */
  get waitsFor(): string | undefined {
    return this.#agent?.asked ? `the agent ${this.#destination.agent} (IdentityAgent)` : undefined;
  }

  /** The login is over. */
  close(): void {
    this.#closed = true;
    this.#agent?.close();
  }

  get #login(): Login {
    const { user, host, port } = this.#destination;
    return { user, host, port };
  }

  async *#all(changedKey: () => boolean): AsyncGenerator<Attempt, void, void> {
    const { user: username, methods, batchMode } = this.#destination;
    // tells which methods there are, and lets in where nothing is asked for
    yield { type: 'none', username };
    let rounds = 0;
    do {
      this.#partial = false;
      for (const method of methods) {
        if (!this.offered.includes(method)) continue;
        if (method === 'publickey') yield* this.#publicKeys(username);
        // a server that may be another one is told no secrets
        else if (batchMode || changedKey()) this.#tried.push(`${method} (nobody may be asked)`);
        else if (method === 'password') yield* this.#passwords(username);
        else yield* this.#questions(username);
        // it wants another proof besides, of a method that may have been passed over
        if (this.#partial) break;
      }
    } while (this.#partial && ++rounds < MAX_PROOFS);
  }

  async *#publicKeys(username: string): AsyncGenerator<Attempt, void, void> {
    const { agent: path, identityFiles, identitiesOnly } = this.#destination;
    const held = new Set<string>();
    if (path !== undefined) {
      const named = await publicKeysOf(identityFiles.map((file) => file.path));
      const keys = selectKeys(path, this.#later, {
        first: named,
        allowed: (key) => {
          held.add(key);
          return !identitiesOnly || named.includes(key);
        },
      });
      this.#agent = keys;
      // what there is to tell is known when it has been asked
      this.#tried.push(() =>
        keys.failure ? `agent ${path} (${keys.failure.message})` : `agent (${keys.count} keys)`,
      );
      yield { type: 'agent', username, agent: keys.agent };
    }
    const rsaKeys: [string, ParsedKey][] = [];
    const agent = this.#agent;
    for (const { path: file, explicit } of identityFiles) {
      if (!this.offered.includes('publickey')) return;
      const [known] = await publicKeysOf([file]);
      if (known !== undefined && held.has(known) && path !== undefined) continue;
      const key = await this.#keyFile(file, explicit);
      if (!key) continue;
      this.#tried.push(file);
      yield { type: 'publickey', username, key } as unknown as Attempt;
      if (key.type === 'ssh-rsa') rsaKeys.push([file, key]);
    }
    // last, and few, as servers count what they are asked
    for (const [file, key] of rsaKeys.slice(0, MAX_SHA512)) {
      if (!this.offered.includes('publickey')) return;
      this.#tried.push(`${file} (rsa-sha2-512)`);
      yield { type: 'publickey', username, key: signingWithSha512(key) } as unknown as Attempt;
    }
    if (!agent?.withSha512 || rsaKeys.length > 0 || !this.offered.includes('publickey')) return;
    this.#tried.push('agent (rsa-sha2-512)');
    yield { type: 'agent', username, agent: agent.withSha512 };
  }

  async #keyFile(file: string, explicit: boolean): Promise<ParsedKey | undefined> {
    let text: Buffer;
    try {
      text = await readBounded(file, MAX_KEY);
      const risk = await othersMayRead(file);
      if (risk !== undefined) {
        this.#tried.push(`${file} (${risk})`);
        return undefined;
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (explicit || code !== 'ENOENT')
        this.#tried.push(`${file} (${code === 'ENOENT' ? 'no such file' : message})`);
      return undefined;
    }
    const { batchMode, numberOfPasswordPrompts } = this.#destination;
    let parsed = parsePrivateKey(file, text);
    for (let asked = 0; needsPassphrase(parsed); asked++) {
      if (batchMode || !this.#options.passphrase || asked >= Math.min(MAX_PROMPTS, numberOfPasswordPrompts)) {
        this.#tried.push(
          `${file} (${asked > 0 ? 'wrong passphrase' : 'needs a passphrase, and nobody was there to give it'})`,
        );
        return undefined;
      }
      const passphrase = await this.#options.passphrase(file, this.#login);
      if (passphrase === undefined) {
        this.#tried.push(`${file} (no passphrase given)`);
        return undefined;
      }
      if (typeof passphrase !== 'string') throw wrongAnswer('passphrase', 'a string');
      parsed = parsePrivateKey(file, text, passphrase);
    }
    if (parsed instanceof Error) {
      this.#tried.push(`${file} (${parsed.message})`);
      return undefined;
    }
    if (parsed.isPrivateKey()) return parsed;
    this.#tried.push(`${file} (holds no private key)`);
    return undefined;
  }

  async *#passwords(username: string): AsyncGenerator<Attempt, void, void> {
    const { numberOfPasswordPrompts } = this.#destination;
    for (let asked = 0; asked < Math.min(MAX_PROMPTS, numberOfPasswordPrompts); asked++) {
      if (!this.offered.includes('password')) return;
      const password = await this.#options.password?.(this.#login);
      if (password === undefined) {
        this.#tried.push('password (none given)');
        return;
      }
      if (typeof password !== 'string') throw wrongAnswer('password', 'a string');
      this.#tried.push('password');
      yield { type: 'password', username, password };
    }
  }

  async *#questions(username: string): AsyncGenerator<Attempt, void, void> {
    const { numberOfPasswordPrompts } = this.#destination;
    const answer = this.#options.keyboardInteractive;
    if (!answer) {
      this.#tried.push('keyboard-interactive (nobody was there to answer)');
      return;
    }
    let declined = false;
    for (let asked = 0; asked < Math.min(MAX_PROMPTS, numberOfPasswordPrompts) && !declined; asked++) {
      if (!this.offered.includes('keyboard-interactive')) return;
      this.#tried.push('keyboard-interactive');
      const prompt: KeyboardInteractive = (...[name, instructions, , prompts, finish]) => {
        // servers send a last round without questions
        if (prompts.length === 0) {
          finish([]);
          return;
        }
        const questions: Prompt[] = prompts.map(({ prompt: text, echo }) => ({ text, echo: echo === true }));
        const answered = (async () => await answer(questions, { ...this.#login, name, instructions }))();
        answered.then(
          (answers) => {
            declined = answers === undefined;
            if (answers !== undefined && !areStrings(answers, prompts.length)) {
              this.failure = wrongAnswer('keyboardInteractive', `an array of ${prompts.length} strings`);
              declined = true;
            }
            this.#later(() => finish(declined ? prompts.map(() => '') : [...(answers as string[])]));
          },
          (error: unknown) => {
            this.failure = asFailure(error);
            declined = true;
            this.#later(() => finish(prompts.map(() => '')));
          },
        );
      };
      yield { type: 'keyboard-interactive', username, prompt };
      if (this.failure) throw this.failure;
    }
  }
}

function areStrings(answers: unknown, count: number): answers is string[] {
  return (
    Array.isArray(answers) && answers.length === count && answers.every((one) => typeof one === 'string')
  );
}

/** What a callback has thrown is the reason as it is, if it is an error. */
function asFailure(thrown: unknown): Error {
  if (isNativeError(thrown)) return thrown;
  return new ConnectError(
    'ERR_EXECNET_AUTHENTICATION',
    `the callback that was asked to authenticate has thrown ${inspect(thrown)}`,
    { cause: thrown },
  );
}

/** For programs without types. */
function wrongAnswer(option: string, wanted: string): TypeError {
  return new TypeError(`what ${option} resolves with must be ${wanted}, or undefined`);
}

/** Why a key is not used, as `ssh` does not use it: somebody else may have it. */
async function othersMayRead(file: string): Promise<string | undefined> {
  const { mode, uid } = await stat(file);
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return undefined;
  return `others may read or write it, its mode is ${(mode & 0o777).toString(8)}: chmod 600 ${file}, as ssh demands`;
}

/** The public keys of key files, in the form of known_hosts, as far as they can be read without a passphrase: from `.pub` files. */
async function publicKeysOf(files: readonly string[]): Promise<string[]> {
  const keys: string[] = [];
  for (const file of files) {
    for (const name of [`${file}.pub`, file]) {
      try {
        const text = await readBounded(name, MAX_KEY);
        const parsed = name === file ? parsePrivateKey(file, text) : ssh2.utils.parseKey(text);
        if (parsed instanceof Error) continue;
        keys.push(parsed.getPublicSSH().toString('base64'));
        break;
      } catch {
        // no such file
      }
    }
  }
  return keys;
}
