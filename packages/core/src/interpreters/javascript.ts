import { SpecError } from '../errors/index.ts';
import { RELAY, REMOTE_END } from '../generated/programs.ts';
import type { BootOptions } from '../protocol/index.ts';
import type { Boot, BootContext, Interpreter, InterpreterSupports } from '../registry/contracts.ts';
import { splitWords } from '../spec/index.ts';
import { codeCache } from './code-cache.ts';

/** What makes one JavaScript interpreter different from another. */
export interface JavaScriptInterpreter {
  readonly field: 'node' | 'bun' | 'deno';
  readonly supports: InterpreterSupports;
  readonly globals: readonly string[];
  /** The arguments that make it run the loader. */
  readonly args: readonly string[];
  /** Text that reads options and program from `input`, and starts the program. One line, and without quotes that a shell would mind. */
  readonly loader: string;
}

/**
 * Threads of a remote end that execute code, without `threads=`: each costs 10 MiB, so that all of them stay below 350, and more
 * executions than that at a time belong in tasks of one thread, which `execmodel=structured` gives.
 */
const DEFAULT_THREADS = 32;

/** Where the local host puts the connection; transports that have stdin and stdout only move it there. */
const DESCRIPTORS = { input: 3, output: 4 } as const;

/** An interpreter plugin for a runtime that starts with a loader in its arguments and reads the rest from the connection. */
export function javascriptInterpreter(runtime: JavaScriptInterpreter): Interpreter {
  return {
    kind: 'interpreter',
    field: runtime.field,
    options: [],
    family: 'javascript',
    supports: runtime.supports,
    globals: runtime.globals,
    async boot({ id, spec, execmodel, token, executable, local, lease }: BootContext): Promise<Boot> {
      const [file, ...args] = commandWords(runtime.field, spec.get(runtime.field), executable);
      if (file === undefined)
        throw new SpecError(
          'ERR_EXECNET_SPEC',
          `${JSON.stringify(spec.redacted())}: ${runtime.field}= names no program: write "${runtime.field}" for the one on the PATH, or "${runtime.field}=/usr/bin/${runtime.field}"`,
        );
      if (!execmodel.remote)
        throw new TypeError(`the execmodel "${execmodel.name}" for javascript ends has no program`);
      const context = { spec, supports: runtime.supports, interpreter: runtime.field };
      const options: BootOptions = {
        token,
        ...DESCRIPTORS,
        id,
        execmodel: execmodel.name,
        executor: await execmodel.remote(context),
        runner: await execmodel.runner?.(context),
        startsOnMain: execmodel.startsOn === 'main',
        threads: spec.core.threads ?? DEFAULT_THREADS,
        lease,
        cached: local === true && runtime.field === 'node' && file === process.execPath && args.length === 0,
      };
      const loader = runtime.loader
        .replaceAll('INPUT', String(DESCRIPTORS.input))
        .replaceAll('OUTPUT', String(DESCRIPTORS.output));
      return {
        command: {
          file,
          args: [...args, ...runtime.args, loader],
          env: {},
          descriptors: DESCRIPTORS,
        },
        preamble: () =>
          lengthPrefixed(JSON.stringify(options), REMOTE_END, ...(options.cached ? [codeCache()] : [])),
      };
    },
    host: async () => RELAY,
    explain: ({ word, told }) =>
      word === 'OLD'
        ? `the interpreter has version ${told}; Node.js 18 or newer is needed. Name another with node=/path/to/node`
        : `the interpreter lacks ${told}`,
  };
}

/** `node=/opt/node --max-old-space-size=64` as words; a bare field looks the name up in PATH; without a field it is what core knows to be there. */
function commandWords(field: string, value: string | true | undefined, executable: string = field): string[] {
  if (value === undefined) return [executable];
  return value === true ? [field] : splitWords(value);
}

/** Each part behind its length in bytes as a big-endian `uint32`. */
function lengthPrefixed(...parts: (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
