/** A field that core itself understands; no plugin sees or claims it. */
export interface CoreField {
  /** What it says, for error messages and documentation. */
  readonly meaning: string;
  /** What a value has to be, for error messages. */
  readonly expects: string;
  /** Whether `value` is acceptable; a bare key never is. */
  accepts(value: string): boolean;
}

/** Niceness is an integer from -20 to 19 (POSIX `nice`, as every Unix limits it). */
const NICE = { lowest: -20, highest: 19 } as const;

/**
 * More threads than this in one remote end are a mistake: each costs 10 MiB or more, and the table that the threads of a
 * remote end share has one byte for a thread.
 */
const MAX_THREADS = 255;

/** A timer can't wait longer than 2^31 - 1 milliseconds; this many seconds stay below it three times over, which is what a lease takes. */
const MAX_KEEPALIVE = 700_000;

const STDIO = ['inherit', 'prefix', 'ignore', 'pipe'] as const;

/** What becomes of what remote code prints. */
export type Stdio = (typeof STDIO)[number];

const nonEmpty = { expects: 'a non-empty value', accepts: (value: string): boolean => value !== '' };

/** Name of a field that core owns, besides `env:NAME`. */
export type CoreFieldName = 'id' | 'execmodel' | 'chdir' | 'nice' | 'via' | 'stdio' | 'keepalive' | 'threads';

/** Every field that core owns, besides `env:NAME`. The order is that of the documentation. */
export const CORE_FIELDS: Readonly<Record<CoreFieldName, CoreField>> = {
  /** Name of the gateway in its group. Without it the group allocates `gw0`, `gw1`, … */
  id: { meaning: 'name of the gateway in its group', ...nonEmpty },
  /** Name of the execution model at the remote end; `thread` without it. */
  execmodel: { meaning: 'how remote executions are scheduled', ...nonEmpty },
  /** Working folder of the remote end; made if it is missing. */
  chdir: { meaning: 'working folder of the remote end', ...nonEmpty },
  /** Added to the niceness of the remote end. */
  nice: {
    meaning: 'niceness of the remote end',
    expects: `an integer from ${NICE.lowest} to ${NICE.highest}`,
    accepts: (value) =>
      /^[+-]?\d{1,2}$/.test(value) && Number(value) >= NICE.lowest && Number(value) <= NICE.highest,
  },
  /** Id of the gateway on whose machine the transport acts. */
  via: { meaning: 'id of the gateway on whose machine this one is started', ...nonEmpty },
  /** What becomes of what remote code prints; `inherit`, to the local stderr, without it; `prefix`: the same, with the id of the gateway before each line. */
  stdio: {
    meaning: 'what becomes of what remote code prints',
    expects: `one of ${STDIO.join(', ')}`,
    accepts: (value) => (STDIO as readonly string[]).includes(value),
  },
  /** Seconds between two pings over a network; after three times as many without any frame either end tears down. */
  keepalive: {
    meaning: 'seconds between two pings',
    expects: `a number of seconds, more than 0 and at most ${MAX_KEEPALIVE}`,
    accepts: (value) =>
      /^(\d+(\.\d*)?|\.\d+)$/.test(value) && Number(value) > 0 && Number(value) <= MAX_KEEPALIVE,
  },
  /** Bound for the threads that execute code at the remote end. */
  threads: {
    meaning: 'how many threads execute code at the remote end',
    expects: `an integer from 1 to ${MAX_THREADS}`,
    accepts: (value) => /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_THREADS,
  },
};

/** What a field `env:NAME` starts with. */
export const ENV_PREFIX = 'env:';

/** Whether core itself understands the field `name`: one of {@link CORE_FIELDS}, or `env:NAME`. */
export function isCoreField(name: string): boolean {
  return Object.hasOwn(CORE_FIELDS, name) || name.startsWith(ENV_PREFIX);
}
