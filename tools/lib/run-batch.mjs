import fs from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { environmentOf, readMark } from './batch-protocol.mjs';
import { variables } from './combinations.mjs';
import { endLeftProcesses, temporaryFolder } from './leftovers.mjs';
import { inRoot } from './root.mjs';
import { run } from './run.mjs';

/**
 * @typedef {import('./interpreters.mjs').Interpreter} Interpreter
 * @typedef {import('./test-plan.mjs').Plan} Plan
 *
 * @typedef {object} Tried a test that was registered, and what it shows something of
 * @property {string} file
 * @property {string} suite
 * @property {string} title
 * @property {string} local
 * @property {string} [remote]
 * @property {string} [model]
 * @property {string} [transport]
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} [reasons] why tests were skipped, as far as the file tells: one for each
 * @property {readonly Tried[]} [tried]
 * @property {number} seconds
 * @property {readonly string[]} faults what is wrong with the file as a whole
 * @property {string} output
 */

/** The slowest file of each tier takes more than three and eight minutes on a busy machine; more than twice that is a hang. */
const limitSeconds = { default: 480, all: 1500 };

/** From here on Node runs TypeScript with `using` by itself, without a compiler that adds helpers to functions. */
const firstNodeWithTypes = 24;

/**
 * The arguments with which a runtime runs a TypeScript file.
 *
 * @param {Interpreter} runtime
 * @param {readonly string[]} words
 */
function argumentsFor({ kind, version }, words) {
  if (kind === 'bun') return words;
  if (kind === 'deno') return ['run', '-A', '--no-lock', '--node-modules-dir=manual', ...words];
  return Number.parseInt(version, 10) >= firstNodeWithTypes ? words : ['--import', 'tsx', ...words];
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

/** The output of a batch as it comes, and how far the batch has got. */
class Transcript {
  /** @type {string[]} */
  #outputs = [];
  /** @type {number[]} */
  #begun = [];
  /** @type {number[]} */
  #ended = [];
  #line = '';

  /** Takes output; true if a file has begun or ended by it. @param {string} text */
  add(text) {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    let marked = false;
    for (const line of lines) {
      const mark = readMark(line);
      if (mark === undefined) this.#append(`${line}\n`);
      else if (mark.what === 'begin') this.#begun[mark.index] = performance.now();
      else this.#ended[mark.index] = performance.now();
      marked ||= mark !== undefined;
    }
    return marked;
  }

  /** @param {string} text */
  #append(text) {
    const index = Math.max(0, this.#begun.length - 1);
    this.#outputs[index] = (this.#outputs[index] ?? '') + text;
  }

  /** All is said. How many files have begun. */
  close() {
    this.#append(this.#line);
    this.#line = '';
    return this.#begun.length;
  }

  /** @param {number} index */
  of(index) {
    const begun = this.#begun[index] ?? performance.now();
    const ended = this.#ended[index];
    return {
      output: stripVTControlCharacters(this.#outputs[index] ?? ''),
      ended: ended !== undefined,
      seconds: ((ended ?? performance.now()) - begun) / 1000,
    };
  }
}

/** @param {string} record @returns {Tried[]} */
function readRecord(record) {
  if (!fs.existsSync(record)) return [];
  const lines = fs.readFileSync(record, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/**
 * Runs test files of one runtime in one process, one after the other. Besides failing tests a file fails for: ending before its totals, the time limit, and a process or
 * temporary file left behind. If one ends the process, the next process goes on with those after it.
 *
 * @param {readonly Plan[]} plans
 * @param {{ folder: string, cache: string, tier: import('./combinations.mjs').Tier, machine: import('./combinations.mjs').Machine }} options
 * @param {(plan: Plan, result: Result) => void} done
 */
export async function runBatch(plans, options, done) {
  for (let rest = plans; rest.length > 0; ) {
    const results = await runProcess(rest, options);
    for (const [index, result] of results.entries()) done(/** @type {Plan} */ (rest[index]), result);
    rest = rest.slice(results.length);
  }
}

/**
 * @param {readonly Plan[]} plans
 * @param {{ folder: string, cache: string, tier: import('./combinations.mjs').Tier, machine: import('./combinations.mjs').Machine }} options
 * @returns {Promise<Result[]>} of those that have begun
 */
async function runProcess(plans, { folder: parent, cache, tier, machine }) {
  const { runtime, flags } = /** @type {Plan} */ (plans[0]);
  const own = temporaryFolder(parent, cache);
  const files = plans.map(({ file }) => ({ file: inRoot(file), temporary: temporaryFolder(parent, cache) }));
  const list = path.join(parent, `${path.basename(own.folder)}.json`);
  fs.writeFileSync(
    list,
    JSON.stringify(files.map(({ file, temporary }) => ({ file, folder: temporary.folder }))),
  );
  const record = path.join(parent, `${path.basename(own.folder)}.jsonl`);
  // Colour is for terminals; the totals are read from plain text. Certificates of the machine are for npm: reading them triples the start of Node 20.
  const { FORCE_COLOR, NODE_EXTRA_CA_CERTS, ...environment } = process.env;
  const env = {
    ...environment,
    ...environmentOf(inRoot(plans[0]?.file ?? ''), own.folder),
    [variables.tier]: tier,
    [variables.machine]: JSON.stringify(machine),
    EXECNET_TEST_RECORD: record,
    DENO_NO_UPDATE_CHECK: '1',
  };
  const transcript = new Transcript();
  /** @type {string[][]} */
  const left = [];
  const outcome = await run(
    runtime.path,
    [...flags, ...argumentsFor(runtime, [inRoot('tools', 'lib', 'batch.mjs'), list])],
    {
      env,
      limit: limitSeconds[tier],
      heard: (text) => transcript.add(text),
      exited: async () => {
        for (const { temporary } of files) left.push(await endLeftProcesses(temporary.folder));
      },
    },
  );
  const begun = Math.max(1, transcript.close());
  const tried = readRecord(record);
  const rest = own.remove();
  return files
    .map(({ temporary }, index) => {
      const { name, file } = /** @type {Plan} */ (plans[index]);
      const { output, ended, seconds } = transcript.of(index);
      const totals = totalsIn(output);
      const faults = [...(left[index] ?? []), ...temporary.remove()];
      const broken = totals === undefined ? 0 : totals.total - totals.passed;
      if (totals === undefined) faults.unshift(`ended without totals (${outcome.ending})`);
      else if (totals.total + totals.skipped === 0) faults.unshift('has no tests');
      else if (!ended) faults.unshift(outcome.ending);
      if (index === begun - 1) {
        faults.push(...rest);
        // the last one has ended, and the process went on, or failed
        if (ended && !outcome.ok && broken === 0) faults.unshift(outcome.ending);
      }
      return {
        name,
        passed: totals?.passed ?? 0,
        failed: broken + faults.length,
        skipped: totals?.skipped ?? 0,
        reasons: [...output.matchAll(/^left out: (.*?): /gm)].map(([, reason]) => reason ?? ''),
        tried: tried.filter((one) => `${one.file}.test.ts` === path.basename(file)),
        seconds,
        faults,
        output,
      };
    })
    .slice(0, begun);
}
