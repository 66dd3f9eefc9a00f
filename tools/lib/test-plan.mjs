import fs from 'node:fs';
import path from 'node:path';
import { inRoot } from './root.mjs';

/**
 * @typedef {import('./interpreters.mjs').Interpreter} Interpreter
 * @typedef {import('./combinations.mjs').Machine} Machine
 * @typedef {import('./combinations.mjs').Tier} Tier
 *
 * @typedef {object} Plan one test file on one runtime
 * @property {string} name `packages/core/test/spec/parse.test.ts`, with ` [bun]` behind it on another runtime
 * @property {string} file relative to the repository
 * @property {Interpreter} runtime
 * @property {number} weight about how many seconds it takes
 * @property {readonly string[]} flags for the runtime
 *
 * @typedef {object} Lanes
 * @property {number} atATime processes beside each other
 * @property {readonly (readonly Plan[])[]} batches files that share a process each
 */

/** Every test file of every package, sorted. */
export function testFiles() {
  return fs
    .readdirSync(inRoot('packages'))
    .sort()
    .flatMap((name) => {
      const folder = path.join('packages', name, 'test');
      if (!fs.existsSync(inRoot(folder))) return [];
      return fs
        .readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.test.ts'))
        .sort()
        .map((file) => path.join(folder, file));
    });
}

/** Core's tests start no gateway. @param {string} file */
const isCore = (file) => file.startsWith('packages/core/');

/** They start real gateways. @param {string} file */
export const isBehaviour = (file) => file.startsWith('packages/execnet/');

/** They wait nearly all the time, for networks that are cut and for threads that end: they go on beside what runs anyway. */
const waiting = ['lease', 'ssh-network-cut', 'ssh-network-cut-via', 'ssh-python-cut', 'threads-idle'].map(
  behaviourFile,
);

/** They look at the whole process that runs them, or at its memory, so that it runs nothing else. */
const ownProcess = [
  ...['default-group', 'flow-control', 'garbage', 'lifetime-descriptors'].map(behaviourFile),
  path.join('packages', 'core', 'test', 'purity', 'globals.test.ts'),
];

/** Their process is a local end whose memory is measured: V8 must keep little garbage (`LEAN` in the fixtures). */
const lean = ['flow-control'].map(behaviourFile);

/** Processes side by side: the machines that this is made for have two cores, and tests wait part of the time. */
const sideBySide = 3;

/** Beside these, of the files that mostly wait. */
const waitingSideBySide = 2;

/** About how many seconds a file takes that is not named in `slow`. */
const usual = { core: 0.8, behaviour: 5 };

/**
 * A process goes on with the next file until it has had its share of what is left for its runtime: few processes, which take a second of a processor to start, and small ones at the end,
 * so that all lanes end together. In seconds at most and at least.
 */
const batchSeconds = { most: 120, least: 30 };

/** The share of a process in what is left. */
const batchShare = 1 / 6;

/** About how many seconds files take on the main local end, where that is much: the slowest begin first. @type {Readonly<Record<string, number>>} */
const slow = {
  blocking: 25,
  channels: 26,
  compiled: 15,
  'crash-exit': 18,
  docs: 29,
  'execnet-groups': 36,
  'execnet-hostile': 29,
  'execnet-ssh': 47,
  executing: 20,
  'execution-models': 32,
  'executions-many': 150,
  'exit-ending': 26,
  'exit-killed': 26,
  'hostile-local': 50,
  lease: 21,
  'lifetime-models': 46,
  'lifetime-terminate': 19,
  prints: 16,
  'python-greenlets': 31,
  'python-hostile': 35,
  'python-killed': 46,
  'python-terminating': 24,
  'python-values': 22,
  'ssh-aborted': 17,
  'ssh-basic': 51,
  'ssh-conformance': 64,
  'ssh-errors': 26,
  'ssh-host-keys': 43,
  'ssh-hosts': 20,
  'ssh-lifetime': 39,
  'ssh-lifetime-dropbear': 32,
  'ssh-login': 35,
  'ssh-network': 45,
  'ssh-network-cut': 28,
  'ssh-network-cut-via': 40,
  'ssh-proxy': 34,
  'ssh-python': 60,
  'ssh-python-cut': 40,
  'ssh-sharing': 26,
  structured: 34,
  threads: 41,
  'threads-idle': 19,
  'transport-mutants': 41,
  'transport-openssh': 39,
  'transport-ssh': 46,
  'transport-via': 48,
  'transport-via-python': 32,
  via: 32,
  'via-python': 54,
  worker: 44,
};

/** @param {string} name */
function behaviourFile(name) {
  return path.join('packages', 'execnet', 'test', `${name}.test.ts`);
}

/** @param {string} file */
const topicOf = (file) => path.basename(file, '.test.ts');

/** @param {readonly Plan[]} plans @param {(plan: Plan) => number} weightOf @returns {Plan[][]} */
function batched(plans, weightOf) {
  /** @type {Plan[][]} */
  const batches = [];
  const together = (/** @type {readonly Plan[]} */ those) =>
    those.reduce((sum, plan) => sum + weightOf(plan), 0);
  const shared = plans.filter((plan) => {
    const isAlone = ownProcess.includes(plan.file);
    if (isAlone) batches.push([plan]);
    return !isAlone;
  });
  for (const name of new Set(shared.map(({ runtime }) => runtime.name))) {
    const rest = shared
      .filter(({ runtime }) => runtime.name === name)
      .sort((a, b) => weightOf(b) - weightOf(a));
    while (rest.length > 0) {
      const { most, least } = batchSeconds;
      const limit = Math.max(least, Math.min(most, together(rest) * batchShare));
      let count = 1;
      while (count < rest.length && together(rest.slice(0, count + 1)) <= limit) count++;
      batches.push(rest.splice(0, count));
    }
  }
  return batches.sort((a, b) => together(b) - together(a));
}

/**
 * The plan of a run: every file on the main local end; the behaviour on all other local ends; core on the first other one of each kind. What each file tries there is in
 * `combinations.mjs`. First core, then the behaviour; what mostly waits goes on beside both.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} filter part of a path; '' for all
 * @returns {{ plans: Plan[], lanes: (wanted: (plan: Plan) => boolean, weightOf: (plan: Plan) => number) => Lanes[] }} lanes: beside each other
 */
export function testPlan({ main, others }, tier, filter) {
  const files = testFiles().filter((file) => file.includes(filter));
  /** @param {Interpreter} runtime @param {(file: string) => boolean} wanted @returns {Plan[]} */
  const plansOn = (runtime, wanted) =>
    files.filter(wanted).map((file) => {
      const whole = isCore(file) ? usual.core : (slow[topicOf(file)] ?? usual.behaviour);
      const share = runtime === main || isCore(file) || tier === 'all' ? 1 : 0.12;
      const name = runtime === main ? file : `${file} [${runtime.name}]`;
      const flags = lean.includes(file) && runtime.kind === 'node' ? ['--max-semi-space-size=1'] : [];
      return { name, file, runtime, flags, weight: whole * share };
    });
  const plans = [
    ...plansOn(main, () => true),
    ...others.flatMap((runtime) =>
      plansOn(
        runtime,
        (file) =>
          isBehaviour(file) ||
          (isCore(file) &&
            runtime.kind !== main.kind &&
            runtime === others.find(({ kind }) => kind === runtime.kind)),
      ),
    ),
  ];
  return {
    plans,
    lanes: (wanted, weightOf) => {
      const rest = plans.filter(wanted);
      /** @param {(plan: Plan) => boolean} those */
      const batches = (those) => batched(rest.filter(those), weightOf);
      return [
        { atATime: waitingSideBySide, batches: batches(({ file }) => waiting.includes(file)) },
        {
          atATime: sideBySide,
          batches: [
            ...batches(({ file }) => isCore(file)),
            ...batches(({ file }) => !isCore(file) && !waiting.includes(file)),
          ],
        },
      ];
    },
  };
}

/** Names of files that are not there: they would hide a file of the same name later. @returns {string[]} */
export function staleNames() {
  const named = [...waiting, ...ownProcess, ...Object.keys(slow).map(behaviourFile)];
  return named.filter((file) => !fs.existsSync(inRoot(file)));
}
