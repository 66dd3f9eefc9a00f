import { type Boot, type BootContext, type Interpreter, SpecError, splitWords } from '@execnet/core/plugin';
import { CompiledPrograms } from './compiled.ts';
import { explain } from './explain.ts';
import { LOADER, RELAY, REMOTE_END } from './generated/programs.ts';
import { isModel, moduleOf } from './models.ts';
import { preamble } from './preamble.ts';
import { request } from './request.ts';

/** What `python` alone means: there may be no program of that name, or a Python 2. */
const USUAL = 'python3';

/**
 * Threads that execute code, without `threads=`: an idle one costs some 50 KB, so that all of them stay below 16 MiB. Executions that wait for each
 * other, as programs for execnet have them, need one each.
 */
const DEFAULT_THREADS = 256;

/**
 * Remote ends on CPython 2.7 and 3.6 or newer, PyPy and Jython 2.7: `popen//python=pypy3`. The value is a command, split as a shell splits words
 * (`python=sudo python3`); without one it is `python3`, looked up on the `PATH`. With `dont_write_bytecode` what is imported there leaves no
 * compiled files behind.
 */
export function python(): Interpreter {
  const made = new CompiledPrograms();
  return {
    kind: 'interpreter',
    field: 'python',
    options: ['dont_write_bytecode'],
    family: 'python',
    supports: { killThread: false, threadMemoryLimit: false },
    globals: [],
    async boot({ id, spec, execmodel, token, executable, local, lease }: BootContext): Promise<Boot> {
      if (!isModel(execmodel.name))
        throw new SpecError(
          'ERR_EXECNET_UNSUPPORTED',
          `${JSON.stringify(spec.redacted())}: remote ends in Python have no execmodel "${execmodel.name}"`,
        );
      const [file = USUAL, ...words] = commandWords(spec.get('python'), executable);
      const flags = spec.has('dont_write_bytecode') ? ['-u', '-B'] : ['-u'];
      const key = local ? [file, ...words].join('\0') : undefined;
      const known = key === undefined ? undefined : made.get(key);
      const options = {
        token,
        id: [...Buffer.from(id)],
        execmodel: execmodel.name,
        threads: spec.core.threads ?? DEFAULT_THREADS,
        lease: lease && Math.round(lease),
        needs: moduleOf(execmodel.name),
        build: known?.build,
        learn: key === undefined || known ? undefined : (1 as const),
      };
      return {
        command: {
          file,
          args: [...words, ...flags, '-c', LOADER],
          env: {},
          // nothing but these three passes through sudo and its like
          descriptors: { input: 0, output: 1, stdout: 3 },
        },
        preamble: () => preamble(options, REMOTE_END, known?.code),
        ...(options.learn === undefined ? {} : { compiled: (payload) => made.put(key as string, payload) }),
      };
    },
    request,
    explain,
    host: async () => RELAY,
  };
}

function commandWords(value: string | true | undefined, executable: string | undefined): string[] {
  // an embedded Python does not know what it was started from
  if (value === undefined) return [executable || USUAL];
  return value === true ? [USUAL] : splitWords(value);
}
