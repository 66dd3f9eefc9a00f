import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExecnetError } from '../errors/index.ts';
import type { ExecRequest } from '../protocol/index.ts';
import { callSiteFiles, functionProgram, prepareFunction } from '../purity/index.ts';
import type { SourceRequest } from '../registry/contracts.ts';
import { nameBehindHash } from '../registry/index.ts';

/** What remote code may be given as: source text, a function, or the URL of a module file. */
export type RemoteSource = SourceRequest['source'];

/** How functions are checked before they are sent. */
export interface SourceOptions {
  readonly interpreterGlobals: readonly string[];
  readonly globals: readonly string[] | undefined;
  /** The public method that the user called: its caller is where the function stands. */
  readonly calledBy: (...args: never[]) => unknown;
}

/** The part of a request that says what JavaScript is to run; throws before anything is sent if it can't be. */
export function describeSource(
  source: RemoteSource,
  kind: SourceRequest['kind'],
  options: SourceOptions,
): Omit<ExecRequest, 'args'> {
  if (typeof source === 'function') {
    const { interpreterGlobals, globals, calledBy } = options;
    const remote = prepareFunction(source, {
      interpreterGlobals,
      globals,
      callSites: () => callSiteFiles(calledBy),
    });
    return { kind, text: functionProgram(remote) };
  }
  if (source instanceof URL) {
    const name = nameBehindHash(source);
    return {
      kind: 'module',
      ...readModule(source),
      ...(name === '' ? {} : { name }),
      ...(kind === 'function' ? {} : { as: kind }),
    };
  }
  if (typeof source !== 'string')
    throw new TypeError(
      `remote code is source text, a function or the URL of a module, not ${source === null ? 'null' : typeof source}`,
    );
  if (kind !== 'function')
    throw new TypeError(
      `${kind} takes a function, or the URL of a module; source text is run with remoteExec`,
    );
  return { kind, text: `${textProgram(source)}\n//# sourceURL=${SOURCE_NAME}` };
}

/** The name of source text in stacks. */
export const SOURCE_NAME = 'execnet:source';

/** The part of its program before source text. */
export const TEXT_PREFIX = '(async function (channel, args) {';

/** Source text as the expression that the remote end evaluates. */
export function textProgram(source: string): string {
  return `${TEXT_PREFIX}${source}\n})`;
}

/** The JavaScript of a module file. */
export function moduleText(url: URL): string {
  const file = fileURLToPath(url);
  const text = readFileSync(file, 'utf8');
  return /\.[cm]?tsx?$/.test(file) ? stripTypes(text, file) : text;
}

function readModule(url: URL): { text: string; file: string; url: string } {
  if (url.protocol !== 'file:')
    throw new TypeError(`a module to run remotely is named by a file: URL, not ${url.protocol}`);
  const file = fileURLToPath(url);
  if (file.endsWith('.py'))
    throw new TypeError(
      `${file} is Python, and this gateway runs JavaScript: start a Python interpreter (python= in the spec) and run it there`,
    );
  let text: string;
  try {
    text = moduleText(url);
  } catch (error) {
    if (error instanceof ExecnetError) throw error;
    throw new ExecnetError(
      'ERR_EXECNET_MODULE',
      `the module ${file} can't be read: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const { href } = pathToFileURL(file);
  return { text: `${text}\n//# sourceURL=${href}`, file, url: href };
}

/** Node strips types itself since 22.13; everywhere else the build of the program does. */
function stripTypes(text: string, file: string): string {
  const strip = (
    process as { getBuiltinModule?(name: string): { stripTypeScriptTypes?(code: string): string } }
  ).getBuiltinModule?.('node:module').stripTypeScriptTypes;
  if (!strip) {
    throw new ExecnetError(
      'ERR_EXECNET_MODULE',
      `${file} is TypeScript, which this runtime can't strip of its types: name the compiled .js file`,
    );
  }
  try {
    return strip(text);
  } catch (error) {
    throw new ExecnetError(
      'ERR_EXECNET_MODULE',
      `${file} is TypeScript that can't be run by leaving its types out: ${(error as Error).message.trim()}. Name the compiled .js file`,
      { cause: error },
    );
  }
}
