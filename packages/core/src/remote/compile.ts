import type { Channel } from '../channel/index.ts';
import type { ExecRequest } from '../protocol/index.ts';
import { runtime } from './runtime.ts';
import { serveObject } from './serve-object.ts';

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

  compile({ kind, text, name = 'default', as, file = 'the module', url = file }: ExecRequest): Remote {
    const key = (kind === 'module' ? [kind, as, name, text] : [kind, text]).join('\0');
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const compiled =
      kind === 'module' ? this.#module(text, { name, as, file, url }) : this.#function(kind, text);
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
    return calledAs(kind, value as Remote);
  }

  #module(
    text: string,
    { name, as, file, url }: Required<Pick<ExecRequest, 'name' | 'file' | 'url'>> & { as: ExecRequest['as'] },
  ): Remote {
    const load = this.#evaluate('(url) => import(url)') as (url: string) => Promise<Record<string, unknown>>;
    const prefix = metaOf(text, { file, url });
    // Bun takes what follows the last dot of the URL for the extension of a file, and that for its language
    const data = encodeURIComponent(`${prefix}${text}\n//.js`);
    const named = (error: unknown): void => nameModule(error, { data, url, shift: prefix.length });
    return async (channel, args) => {
      try {
        const exported = await load(DATA_URL + data);
        const main = exported[name] as Remote | undefined;
        if (typeof main !== 'function')
          throw new TypeError(`${file} has ${missing(name, exported)}: there is nothing to run`);
        return await calledAs(as ?? 'function', main, named)(channel, args);
      } catch (error) {
        named(error);
        throw error;
      }
    };
  }
}

/** A function as the kind of the request says. `shown` prepares the stacks of its errors. */
function calledAs(kind: ExecRequest['kind'], fn: Remote, shown: (error: unknown) => void = () => {}): Remote {
  const withArgs = fn as (args: unknown) => unknown;
  if (kind === 'call') return (_channel, args) => withArgs(args);
  if (kind === 'expose')
    return async (channel, args) => serveObject(channel as Channel, await withArgs(args), shown);
  if (kind === 'stream') return async (channel, args) => sendEach(channel as Channel, await withArgs(args));
  return fn;
}

async function sendEach(channel: Channel, items: unknown): Promise<void> {
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = Object(items) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >;
  if (typeof (later ?? now) !== 'function')
    throw new TypeError(
      'what the function of a stream gives can not be iterated: it is no generator, and no list',
    );
  const iterator = later
    ? (items as AsyncIterable<unknown>)[Symbol.asyncIterator]()
    : (items as Iterable<unknown>)[Symbol.iterator]();
  let waits = false;
  try {
    for (;;) {
      waits = false;
      const { done, value } = await iterator.next();
      if (done) return;
      waits = true;
      await channel.send(await value);
      // what has room is sent also when nobody wants it any more
      channel.signal.throwIfAborted();
    }
  } finally {
    // by hand: what it fails with then counts, which `for await` drops
    if (waits) await iterator.return?.();
  }
}

/** Says which export was looked for, and which there are. */
function missing(name: string, exported: Record<string, unknown>): string {
  const names = Object.keys(exported).filter((one) => typeof exported[one] === 'function');
  const others = names.length > 0 ? ` (functions that it exports: ${names.join(', ')})` : '';
  return `no function as its ${name === 'default' ? 'default export' : `export ${name}`}${others}`;
}

/**
 * What is put before a module whose `import.meta` is to have the place of its file, as without a gateway: `new URL('data.json', import.meta.url)` and
 * `createRequire(import.meta.url)` are common, and a data URL is no base for either. It is a part of the first line, so that the others keep their numbers.
 */
function metaOf(text: string, { file, url }: { file: string; url: string }): string {
  if (!/\bimport\s*\.\s*meta\b/.test(text)) return '';
  const slash = file.lastIndexOf('/');
  const [path, folder, name] = [file, file.slice(0, slash) || '/', file.slice(slash + 1)].map((part) =>
    JSON.stringify(part),
  );
  const names = { url: JSON.stringify(url), filename: path, dirname: folder };
  const all = runtime === 'bun' ? { ...names, path, dir: folder, file: name } : names;
  const set = Object.entries(all).map(
    ([key, value]) => `${key}:{value:${value},enumerable:true,writable:true,configurable:true}`,
  );
  // what is found beside the file; the rest is the interpreter's business
  const resolve = `resolve:{value:((own)=>(to,...more)=>/^\\.{0,2}\\//.test(to)?new globalThis.URL(to,${names.url}).href:own.call(import.meta,to,...more))(import.meta.resolve),writable:true,configurable:true}`;
  const shebang = text.startsWith('#!') ? '//' : '';
  // the module may have an Object of its own
  return `globalThis.Object.defineProperties(import.meta,{${[...set, resolve].join()}});${shebang}`;
}

const DATA_URL = 'data:text/javascript;charset=utf-8,';

/** Bun calls a default function without a name by the data URL. */
const BUN_DEFAULT = /\bjavascript_charset_utf_8_\w*/g;

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
function nameModule(
  thrown: unknown,
  { data, url, shift }: { data: string; url: string; shift: number },
): void {
  const shortened = `${data.slice(0, DENO_KEEPS)}......${data.slice(-DENO_KEEPS)}`;
  const named = (text: string): string =>
    inOwnColumns(
      text
        .replaceAll(DATA_URL + data, url)
        .replaceAll(DATA_URL + shortened, url)
        .replaceAll(BUN_DEFAULT, 'default'),
      url,
      shift,
    );
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
      // `base` of an error of Node, for example
      for (const [name, value] of Object.entries(error))
        if (typeof value === 'string' && value.includes(DATA_URL + data))
          change(error, name, named(value), true);
    } catch {
      // an error that can't be changed keeps its texts
    }
    error = error.cause;
  }
}

/** Places in the first line of `url`, before which so many characters were put. */
function inOwnColumns(text: string, url: string, shift: number): string {
  if (shift === 0) return text;
  const [before = '', ...places] = text.split(`${url}:1:`);
  const moved = places.map((place) =>
    place.replace(/^\d+/, (column) => String(Math.max(1, Number(column) - shift))),
  );
  return [before, ...moved].join(`${url}:1:`);
}

/** Those of Bun's resolver are read-only. */
function change(error: Error, name: string, value: string, enumerable = false): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable });
}
