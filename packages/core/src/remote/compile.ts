import type { ExecRequest } from '../protocol/index.ts';

export type Remote = (channel: unknown, args: unknown, tools?: unknown) => unknown;

/** Compiled texts are kept, because programs send the same few again and again; the bound keeps generated code from piling up. */
const KEPT = 200;

/** Turns requests into functions, by the loader's `eval`. */
export class Compiler {
  readonly #evaluate: (text: string) => unknown;
  readonly #kept = new Map<string, Remote>();

  constructor(evaluate: (text: string) => unknown) {
    this.#evaluate = evaluate;
  }

  compile({ kind, text, file = 'the module', url = file }: ExecRequest): Remote {
    const key = kind + text;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const compiled = kind === 'module' ? this.#module(text, { file, url }) : this.#function(kind, text);
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#kept.set(key, compiled);
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

/** Bun and Deno write the whole data URL, or its ends, into stacks, where Node takes the name that the text gives itself. */
function nameModule(thrown: unknown, data: string, url: string): void {
  const shortened = `${data.slice(0, DENO_KEEPS)}......${data.slice(-DENO_KEEPS)}`;
  let error = thrown;
  for (let depth = 0; error instanceof Error && depth <= MAX_CAUSES; depth++) {
    try {
      const stack = String(error.stack);
      const named = stack.replaceAll(DATA_URL + data, url).replaceAll(DATA_URL + shortened, url);
      if (named !== stack) error.stack = named;
    } catch {
      // an error that can't be changed keeps its stack
    }
    error = error.cause;
  }
}
