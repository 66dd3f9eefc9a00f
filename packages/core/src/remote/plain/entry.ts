import type { BootOptions, Start } from '../../protocol/index.ts';
import { complain } from '../prints.ts';
import { rawIo } from '../raw-io.ts';
import { startRole, type ThreadStart } from '../start.ts';
import { NoMaster, readBootstrap } from './bootstrap.ts';
import { plainDialect } from './plain-dialect.ts';
import type { PlainOptions } from './plain-options.ts';

/** What tells execnet that the remote end is there. */
const HERE = new Uint8Array(['1'.charCodeAt(0)]);

/** Models of execnet that there are no counterparts of: code of theirs finds everything that it needs under this one. */
const GREEN = ['eventlet', 'gevent'];

/** The program of a remote end that a master which speaks plain execnet has started. */
export function start(given: PlainStart | ThreadStart): void {
  if ('data' in given) startRole(given, plainDialect);
  else startMain(given);
}

interface PlainStart extends Omit<Start, 'options'> {
  readonly options: PlainOptions;
}

function startMain({ options, ...rest }: PlainStart): void {
  const io = rawIo(options.input, options.output);
  const boot = meet(() => readBootstrap(io), options);
  io.write(HERE);
  startRole({ ...rest, options: boot }, plainDialect);
}

function meet(read: () => string | undefined, { input, output, threads, models }: PlainOptions): BootOptions {
  try {
    const named = read();
    if (named === undefined) process.exit(0);
    const execmodel = GREEN.includes(named) ? 'thread' : named;
    const executor = models[execmodel];
    if (executor === undefined)
      throw new NoMaster(
        `execmodel=${named} is none of this remote end: there are ${Object.keys(models).join(', ')}`,
      );
    return {
      token: '',
      input,
      output,
      id: 'execnet-remote',
      execmodel,
      executor,
      startsOnMain: true,
      threads,
      cached: false,
    };
  } catch (error) {
    if (!(error instanceof NoMaster)) throw error;
    complain(`execnet-remote: ${error.message}`);
    process.exit(2);
  }
}
