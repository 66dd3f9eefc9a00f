import { SelectedSuite } from '../selected-suite.ts';
import { ABORTING } from './aborting.ts';
import { BYTES } from './bytes.ts';
import type { TransportCheck } from './check.ts';
import { COMMANDS } from './commands.ts';
import { ENDS } from './ends.ts';
import { FLOW } from './flow.ts';
import { GATEWAYS } from './gateways.ts';
import { Lab, type TransportFixture } from './lab.ts';

const CHECKS: readonly TransportCheck[] = [...BYTES, ...FLOW, ...ENDS, ...ABORTING, ...COMMANDS, ...GATEWAYS];

/** No check takes a tenth of that; what takes longer hangs. In milliseconds. */
const LIMIT = 30_000;

/** Why a check can't be made. */
function obstacle(
  { needs, runtime, wants }: TransportCheck,
  { transport, lacks = [] }: TransportFixture,
): string | undefined {
  if (transport.starts !== 'command') return `it starts no command (starts: ${transport.starts})`;
  if (needs !== undefined && !transport.supports[needs]) return `it can't do that (supports.${needs})`;
  if (wants !== undefined && lacks.includes(wants)) return `it can't do that (lacks: ${wants})`;
  if (runtime === 'node' && ('Bun' in globalThis || 'Deno' in globalThis))
    return 'this runtime does not tell what keeps a program alive';
  return undefined;
}

async function perform({ run }: TransportCheck, fixture: TransportFixture, limit: number): Promise<void> {
  const lab = new Lab(fixture);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the check takes longer than ${limit} ms`)), limit);
  });
  const whole = async (): Promise<void> => {
    await run(lab);
    await lab.settle();
  };
  try {
    await Promise.race([whole(), late]);
  } finally {
    await Promise.race([lab.clear(), late]).catch(() => {});
    clearTimeout(timer);
  }
}

/** What any transport must do: the contract of its connections, one by one, and what gateways need of them. */
export function transportSuite(name: string, fixture: TransportFixture): void {
  const tests = new SelectedSuite(name, 'transport', fixture);
  for (const check of CHECKS) {
    const reason = obstacle(check, fixture);
    if (reason === undefined) tests.test(check.title, () => perform(check, fixture, LIMIT));
    else tests.leaveOut(check.title, reason);
  }
  tests.run();
}

/** What is to be checked of a transport, and how long each check may take. */
export interface TransportCheckOptions {
  /** The titles of the checks; by default all. */
  readonly titles?: readonly string[];
  /** In milliseconds. */
  readonly limit?: number;
}

/**
 * Makes the checks of `transportSuite` without a test runner, one after the other, and resolves with the failures by title; those that can't be
 * made are not among them. For tests that show that a broken transport is noticed.
 */
export async function checkTransport(
  fixture: TransportFixture,
  { titles, limit = LIMIT }: TransportCheckOptions = {},
): Promise<Map<string, Error>> {
  const unknown = titles?.filter((title) => !CHECKS.some((check) => check.title === title)) ?? [];
  if (unknown.length > 0) throw new TypeError(`there is no check ${JSON.stringify(unknown[0])}`);
  const failures = new Map<string, Error>();
  for (const check of CHECKS) {
    if (titles && !titles.includes(check.title)) continue;
    if (obstacle(check, fixture) !== undefined) continue;
    try {
      await perform(check, fixture, limit);
    } catch (error) {
      failures.set(check.title, error as Error);
    }
  }
  return failures;
}
