import type { ExecRequest } from '../protocol/index.ts';

export type Remote = (channel: unknown, args: unknown, tools?: unknown) => unknown;

/** Compiled texts are kept, because programs send the same few again and again; the bound keeps generated code from piling up. */
const KEPT = 200;

/** And so do texts, in characters: bundles are large, and a program that makes them anew has no use for the old ones. */
const KEPT_LENGTH = 4 * 1024 * 1024;

/** Turns requests into functions, by the loader's `eval`. */
export class Compiler {
  readonly #evaluate: (text: string) => unknown;
  readonly #kept = new Map<string, Remote>();
  #keptLength = 0;

  constructor(evaluate: (text: string) => unknown) {
    this.#evaluate = evaluate;
  }

  compile({ kind, text, file = 'the module', url = file }: ExecRequest): Remote {
    const key = kind + text;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const compiled = kind === 'module' ? this.#module(text, { file, url }) : this.#function(kind, text);
    this.#kept.set(key, compiled);
    this.#keptLength += key.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT && this.#keptLength <= KEPT_LENGTH) break;
      this.#kept.delete(oldest);
      this.#keptLength -= oldest.length;
    }
    return compiled;
  }

  #function(kind: ExecRequest['kind'], text: string): Remote {
    const value = this.#evaluate(text);
    if (typeof value !== 'function') throw new TypeError('the text that was sent is no function');
    return kind === 'call'
      ? (_channel, args) => (value as (args: unknown) => unknown)(args)
      : (value as Remote);
  }

  #module(text: string, { file, url }: { file: string; url: string }): Remote {
    const load = this.#evaluate('(url) => import(url)') as (url: string) => Promise<{ default?: unknown }>;
    const data = encodeURIComponent(text);
    return async (channel, args) => {
      try {
        const { default: main } = await load(DATA_URL + data);
        if (typeof main !== 'function')
          throw new TypeError(`${file} has no function as its default export: there is nothing to run`);
        return await (main as Remote)(channel, args);
      } catch (error) {
        nameModule(error, data, url);
        throw error;
      }
    };
  }
}

const DATA_URL = 'data:text/javascript;charset=utf-8,';

/** How many characters Deno leaves of each end of a long data URL in a stack. */
const DENO_KEEPS = 20;

/** Bounds what a chain of causes can cost. */
const MAX_CAUSES = 16;

/** Colours, which Deno writes into messages. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Engines say so of a module that they can't find. */
const UNRESOLVED = /resolve|not a dependency|cannot-be-a-base|Cannot find/;

/**
 * The whole data URL of a module, or its ends, stands in stacks of Bun and Deno, and in messages of all. Node's stacks have the name that the text gives
 * itself. Of Node 18 the message names neither the module nor what it asks for.
 */
function nameModule(thrown: unknown, data: string, url: string): void {
  const shortened = `${data.slice(0, DENO_KEEPS)}......${data.slice(-DENO_KEEPS)}`;
  const named = (text: string): string =>
    text.replaceAll(DATA_URL + data, url).replaceAll(DATA_URL + shortened, url);
  /** A text without a data URL is of the user's making. */
  const better = (text: string): string =>
    named(text) === text ? text : named(text.replaceAll(COLOURS, ''));
  let error = thrown;
  for (let depth = 0; error instanceof Error && depth <= MAX_CAUSES; depth++) {
    try {
      const { message, input } = error as Error & { input?: unknown };
      const stack = String(error.stack);
      const unnamed = message === 'Invalid URL' && stack.includes('(node:internal/modules/esm/resolve:');
      const told = unnamed ? `${message}: ${JSON.stringify(input)} in ${url}` : better(message);
      const isImport = told !== message && (unnamed || UNRESOLVED.test(message));
      const said = isImport
        ? `${told.trim()} (a module that is sent can import builtins and absolute URLs only)`
        : told;
      if (said !== message) change(error, 'message', said);
      const shown = better(said === message ? stack : stack.replace(message, () => said));
      if (shown !== stack) change(error, 'stack', shown);
    } catch {
      // an error that can't be changed keeps its texts
    }
    error = error.cause;
  }
}

/** Those of Bun's resolver are read-only. */
function change(error: Error, name: 'message' | 'stack', value: string): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true });
}
