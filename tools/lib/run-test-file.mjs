import { stripVTControlCharacters } from 'node:util';
import { endLeftProcesses, marked, temporaryFolder } from './leftovers.mjs';
import { run } from './run.mjs';

/**
 * @typedef {import('./interpreters.mjs').Interpreter} Interpreter
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} [reasons] why tests were skipped, as far as the file tells: one for each
 * @property {number} seconds
 * @property {readonly string[]} faults what is wrong with the file as a whole
 * @property {string} output
 */

/** The slowest file, which starts four hundred threads on Deno, takes three minutes; more than twice that is a hang. */
const limitSeconds = 480;

/** From here on Node runs TypeScript by itself, without a compiler that adds helpers to functions. */
const firstNodeWithTypes = 24;

/**
 * The arguments with which a runtime runs a TypeScript file.
 *
 * @param {Interpreter} runtime
 * @param {string} file
 */
function argumentsFor({ kind, version }, file) {
  if (kind === 'bun') return [file];
  if (kind === 'deno') return ['run', '-A', '--no-lock', '--node-modules-dir=manual', file];
  return Number.parseInt(version, 10) >= firstNodeWithTypes ? [file] : ['--import', 'tsx', file];
}

/**
 * The totals that uvu prints last.
 *
 * @param {string} output
 */
function totalsIn(output) {
  const found = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)].at(-1);
  return found && { total: Number(found[1]), passed: Number(found[2]), skipped: Number(found[3]) };
}

/**
 * Runs one test file in a process of its own. Besides failing tests it fails for: ending before its totals, another
 * end than exit code 0, the time limit, and a process or temporary file left behind.
 *
 * @param {import('./test-plan.mjs').Plan} plan
 * @param {{ folder: string, cache: string }} temporary
 * @returns {Promise<Result>}
 */
export async function runTestFile({ name, file, runtime }, temporary) {
  const { folder, remove } = temporaryFolder(temporary.folder, temporary.cache);
  // Colour is for terminals; the totals are read from plain text.
  const { FORCE_COLOR, ...environment } = process.env;
  const env = { ...environment, ...marked(folder), TMPDIR: folder, DENO_NO_UPDATE_CHECK: '1' };
  /** @type {string[]} */
  let left = [];
  const outcome = await run(runtime.path, argumentsFor(runtime, file), {
    env,
    limit: limitSeconds,
    exited: async () => {
      left = await endLeftProcesses(folder);
    },
  });
  const output = stripVTControlCharacters(outcome.output);
  const totals = totalsIn(output);
  const faults = [...left, ...remove()];
  const broken = totals === undefined ? 0 : totals.total - totals.passed;
  if (totals === undefined) faults.unshift(`ended without totals (${outcome.ending})`);
  else if (totals.total + totals.skipped === 0) faults.unshift('has no tests');
  else if (!outcome.ok && broken === 0) faults.unshift(outcome.ending);
  return {
    name,
    passed: totals?.passed ?? 0,
    failed: broken + faults.length,
    skipped: totals?.skipped ?? 0,
    reasons: [...output.matchAll(/^left out: (.*?): /gm)].map(([, reason]) => reason ?? ''),
    seconds: outcome.seconds,
    faults,
    output,
  };
}
