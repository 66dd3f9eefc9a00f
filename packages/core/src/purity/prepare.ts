import { ExecnetError } from '../errors/index.ts';
import { layOut } from './layout.ts';
import { type FunctionLocation, locateFunction } from './locate.ts';
import { isNamingHelper } from './naming.ts';
import { type ParsedFunction, parseFunction, type SyntaxNode, UnparsableText } from './parse.ts';
import { findReferences, type Impurity } from './references.ts';

/** A function as it is sent. */
export interface RemoteFunction {
  /** An expression that evaluates to the function, once it is in parentheses and after what `helpersPrelude` gives. */
  readonly text: string;
  /** Its name; empty if it has none. */
  readonly name: string;
  readonly async: boolean;
  readonly generator: boolean;
  /** Whether it is to be evaluated in strict mode, as it was in its module. */
  readonly strict: boolean;
  /** Helpers that name functions in it, as esbuild's `__name` does, where that has other names. */
  readonly naming: readonly string[];
  /** The file where its author wrote it, if that is known. */
  readonly file?: string;
  /** Line of its first character in that file, from 1. */
  readonly line?: number;
  /** Column of its first character in that file, from 1. */
  readonly column?: number;
  /** How many lines must be before the text for the lines of a remote stack to be those of `file`; 0 without a file. */
  readonly lineOffset: number;
}

/** What {@link prepareFunction} is told besides the function. */
export interface PrepareOptions {
  /** The global variables of the interpreter that it is sent to. Give the same array each time: what is known of a function is kept by it. */
  readonly interpreterGlobals: readonly string[];
  /** Further names that it may refer to, because the remote end will have them. */
  readonly globals?: readonly string[] | undefined;
  /**
   * Tells the files of the code that sends the function, the nearest first, as paths or `file:` URLs: one of them holds it, mostly. Called only if
   * the function is not known yet.
   */
  readonly callSites?: (() => readonly string[]) | undefined;
}

interface Known {
  readonly interpreterGlobals: readonly string[];
  readonly globals: string;
  readonly remote: RemoteFunction;
}

const byFunction = new WeakMap<object, Known[]>();
/** Closures made in a loop are new functions with a text that is known. */
const byText = new Map<string, Known[]>();
/** A program that sends more distinct functions than this at a time generates them; and then they don't come back. */
const MAX_TEXTS = 500;
/** Longer texts are not kept by their text: parsing them is rare, and their memory would be felt. */
const MAX_TEXT_LENGTH = 32 * 1024;
/** A function goes to few kinds of interpreter, with few lists of globals. */
const MAX_VARIANTS = 8;

const globalSets = new WeakMap<readonly string[], ReadonlySet<string>>();

/**
 * The function as it can be sent, checked: everything that it refers to is its own, an argument, a global of the interpreter, or listed in
 * `globals`. To be called after `loadAnalyser()` has resolved. What is known of a function is kept, so sending it again costs nothing.
 *
 * Throws a TypeError for what is no function, and an `ERR_EXECNET_IMPURE_FUNCTION` that names each identifier and its place for one that
 * refers to more, or whose text is not all of it: native and bound functions, classes, methods with `super`.
 */
export function prepareFunction(fn: (...args: never[]) => unknown, options: PrepareOptions): RemoteFunction {
  if (typeof fn !== 'function')
    throw new TypeError(`a function to send must be a function, not ${fn === null ? 'null' : typeof fn}`);
  const globals =
    options.globals === undefined || options.globals.length === 0 ? '' : options.globals.join(' ');
  const known = find(byFunction.get(fn), options.interpreterGlobals, globals);
  if (known !== undefined) return known.remote;
  const found = prepareText(fn, options, globals);
  const variants = byFunction.get(fn);
  byFunction.set(fn, variants ? [...variants.slice(1 - MAX_VARIANTS), found] : [found]);
  return found.remote;
}

function find(
  variants: readonly Known[] | undefined,
  interpreterGlobals: readonly string[],
  globals: string,
): Known | undefined {
  return variants?.find(
    (variant) => variant.interpreterGlobals === interpreterGlobals && variant.globals === globals,
  );
}

function prepareText(fn: (...args: never[]) => unknown, options: PrepareOptions, globals: string): Known {
  const text = Function.prototype.toString.call(fn);
  const files = options.callSites?.() ?? [];
  // the same text in another file is another function
  const key = `${files.join('\0')}\0${fn.name}\0${text}`;
  const variants = byText.get(key);
  const known = find(variants, options.interpreterGlobals, globals);
  if (known !== undefined) return known;
  const remote = analyse(text, fn.name, files, options);
  const found = { interpreterGlobals: options.interpreterGlobals, globals, remote };
  if (text.length <= MAX_TEXT_LENGTH) {
    const [oldest] = byText.keys();
    if (byText.size >= MAX_TEXTS && oldest !== undefined) byText.delete(oldest);
    byText.set(key, variants ? [...variants.slice(1 - MAX_VARIANTS), found] : [found]);
  }
  return found;
}

function analyse(
  text: string,
  name: string,
  files: readonly string[],
  options: PrepareOptions,
): RemoteFunction {
  const location = locateIn(files, text);
  const refused = (message: string): ExecnetError => refusal(name, location, message);
  let parsed: ParsedFunction;
  try {
    parsed = parseFunction(text);
  } catch (error) {
    throw refused(unparsable(text, error));
  }
  if (parsed.node.type.startsWith('Class')) {
    throw refused('is a class; send a function, and define the class inside it');
  }
  const standard = globalSet(options.interpreterGlobals);
  const { impurities, naming } = findReferences(
    parsed,
    (known) => standard.has(known) || (options.globals?.includes(known) ?? false),
    (helper) => isNamingHelper(helper, files),
  );
  if (impurities.length > 0) throw refused(describe(impurities, text, location));
  const expression = parsed.form === 'method' ? methodExpression(parsed, text) : text;
  return Object.freeze({
    text:
      location && parsed.form === 'expression'
        ? layOut(expression, location.line, location.marks)
        : expression,
    name,
    async: parsed.node.async === true,
    generator: parsed.node.generator === true,
    strict: parsed.sourceType === 'module',
    naming,
    ...(location ? { file: location.file, line: location.line, column: location.column } : {}),
    lineOffset: location ? location.line - 1 : 0,
  });
}

function locateIn(files: readonly string[], text: string): FunctionLocation | undefined {
  for (const file of files) {
    const location = locateFunction(text, file);
    if (location) return location;
  }
  return undefined;
}

/** An object with nothing but this method, and the method taken from it; its lines stay as they are. */
function methodExpression(parsed: ParsedFunction, text: string): string {
  const { async, generator, start } = parsed.node;
  const { kind, key, computed } = parsed.property as SyntaxNode & { kind: 'init' | 'get' | 'set' };
  const written = key as SyntaxNode;
  const name = computed !== true && written.type === 'Identifier' ? (written.name as string) : 'method';
  const body = start - parsed.shift;
  const lines = '\n'.repeat(text.slice(0, body).split('\n').length - 1);
  const prefix = `${kind === 'init' ? '' : `${kind} `}${async === true ? 'async ' : ''}${generator === true ? '*' : ''}`;
  const object = `({${prefix}${name}${lines}${text.slice(body)}})`;
  return kind === 'init'
    ? `${object}.${name}`
    : `Object.getOwnPropertyDescriptor(${object},'${name}').${kind}`;
}

function globalSet(names: readonly string[]): ReadonlySet<string> {
  let set = globalSets.get(names);
  if (set === undefined) {
    set = new Set(names);
    globalSets.set(names, set);
  }
  return set;
}

function refusal(name: string, location: FunctionLocation | undefined, message: string): ExecnetError {
  const where = location ? ` (${location.file}:${location.line}:${location.column})` : '';
  return new ExecnetError(
    'ERR_EXECNET_IMPURE_FUNCTION',
    `function ${name === '' ? 'without a name' : `"${name}"`}${where} can't be sent: it ${message}`,
  );
}

function unparsable(text: string, error: unknown): string {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    return 'is native or bound, and its text is not known; send a function that calls it';
  }
  if (/^(async\s*)?\*?\s*#/.test(text)) return 'is a private method; send a function of its own';
  const offset = error instanceof UnparsableText ? error.offset : 0;
  return `can't be parsed: ${error instanceof Error ? error.message : String(error)} at ${positionIn(text, offset)} of its text`;
}

/** Messages name at most so many identifiers; the first ones tell what the matter is. */
const MAX_NAMED = 10;

function describe(
  impurities: readonly Impurity[],
  text: string,
  location: FunctionLocation | undefined,
): string {
  const place = (offset: number): string => {
    const mark = location?.marks.find((one) => one.offset === offset);
    if (mark) return `${mark.line}:${mark.column}`;
    return positionIn(text, offset, location?.marks.length === 0 ? location : undefined);
  };
  const listed = impurities.slice(0, MAX_NAMED).map(({ name, kind, offset }) => {
    return `${kind === 'import' ? `the import "${name}"` : kind === 'variable' ? `"${name}"` : name} (${place(offset)})`;
  });
  const more = impurities.length > MAX_NAMED ? ` and ${impurities.length - MAX_NAMED} more` : '';
  const kinds = new Set(impurities.map(({ kind }) => kind));
  const names = impurities.filter(({ kind }) => kind === 'variable').map(({ name }) => `'${name}'`);
  const advice = [
    kinds.has('variable') &&
      `pass values as arguments, or, if the remote end will have them as globals, list them: { globals: [${names.slice(0, MAX_NAMED).join(', ')}] }`,
    (kinds.has('import') || kinds.has('variable')) &&
      "import modules inside the function: await import('node:fs')",
    kinds.has('compiler') && 'compile to ES2022 or newer, so that no helpers of the compiler are needed',
    kinds.has('this') && '"this" and "super" stay here, pass what you need of them as arguments',
    kinds.has('import.meta') && 'import.meta belongs to the module, pass what you need of it as an argument',
  ].filter((line) => line !== false);
  return `refers to ${listed.join(', ')}${more}, which is neither its own, nor an argument, nor a global of the interpreter. What to do: ${advice.join('; ')}`;
}

/** `line:column`, from 1, in the text; in the file, where the text stands in one as it is. */
function positionIn(text: string, offset: number, location?: FunctionLocation): string {
  const lines = text.slice(0, offset).split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  if (location === undefined) return `${lines.length}:${column}`;
  return `${location.line + lines.length - 1}:${lines.length === 1 ? location.column + column - 1 : column}`;
}
