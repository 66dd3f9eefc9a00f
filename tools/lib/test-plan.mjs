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
 *
 * @typedef {object} Stage
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

/** They cut networks and count the seconds, mostly idle: only each other may run beside them. */
const idle = ['lease', 'ssh-network-cut', 'ssh-network-cut-via', 'ssh-python-cut'].map(behaviourFile);

/** They wait nearly all the time: they go on beside what runs anyway. */
const waiting = ['threads-idle'].map(behaviourFile);

/** They measure the memory of processes, or start hundreds of threads: whatever runs beside them is in their way. */
const alone = [
  'execnet-lifetime',
  'executions-many',
  'flow-control',
  'garbage',
  'hostile-frames',
  'python-memory',
].map(behaviourFile);

/** They look at the whole process that runs them, which therefore runs nothing else. */
const ownProcess = [
  ...alone,
  ...['default-group', 'lifetime-descriptors'].map(behaviourFile),
  path.join('packages', 'core', 'test', 'purity', 'globals.test.ts'),
];

/** Files side by side: the machines that this is made for have two cores, and most tests wait part of the time. */
const sideBySide = 2;

/** About how many seconds a file takes that is not named in `slow`. */
const usual = { core: 0.5, behaviour: 5 };

/** A process goes on with the next file as long as its files are so quick together, in seconds. */
const batchSeconds = 45;

/** About how many seconds files take on the main local end, where that is much: the slowest begin first. @type {Readonly<Record<string, number>>} */
const slow = {
  bundle: 12,
  'crash-exit': 20,
  docs: 40,
  'execnet-groups': 30,
  'execnet-hostile': 25,
  'execnet-ssh': 40,
  'execution-models': 40,
  'exit-ending': 20,
  'hostile-local': 30,
  'lifetime-models': 40,
  'lifetime-terminate': 20,
  'python-ending': 25,
  'python-greenlets': 25,
  'python-hostile': 40,
  'python-killed': 40,
  'python-terminating': 25,
  'python-threads': 20,
  'ssh-basic': 25,
  'ssh-conformance': 60,
  'ssh-host-keys': 40,
  'ssh-lifetime': 35,
  'ssh-lifetime-dropbear': 25,
  'ssh-login': 20,
  'ssh-network': 25,
  'ssh-proxy': 25,
  'ssh-python': 60,
  structured: 50,
  threads: 40,
  'transport-mutants': 40,
  'transport-openssh': 25,
  'transport-ssh': 30,
  'transport-via': 40,
  'transport-via-python': 30,
  via: 40,
  'via-python': 60,
  worker: 60,
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
  /** @type {Map<string, { batch: Plan[], weight: number }>} */
  const open = new Map();
  for (const plan of [...plans].sort((a, b) => weightOf(b) - weightOf(a))) {
    const key = `${plan.runtime.name} ${isCore(plan.file)}`;
    const last = open.get(key);
    if (ownProcess.includes(plan.file)) batches.push([plan]);
    else if (last === undefined || last.weight + weightOf(plan) > batchSeconds) {
      const batch = [plan];
      batches.push(batch);
      open.set(key, { batch, weight: weightOf(plan) });
    } else {
      last.batch.push(plan);
      last.weight += weightOf(plan);
    }
  }
  const together = (/** @type {readonly Plan[]} */ batch) =>
    batch.reduce((sum, plan) => sum + weightOf(plan), 0);
  return batches.sort((a, b) => together(b) - together(a));
}

/**
 * What is to run: every file on the main local end; the behaviour on all other local ends; core on the first other one of each kind. What each file tries there is in
 * `combinations.mjs`. In this order: core, what may run beside anything, what may not, and what has to run alone.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} filter part of a path; '' for all
 * @returns {{ plans: Plan[], stages: (wanted: (plan: Plan) => boolean, weightOf: (plan: Plan) => number) => Stage[] }}
 */
export function testPlan({ main, others }, tier, filter) {
  const files = testFiles().filter((file) => file.includes(filter));
  /** @param {Interpreter} runtime @param {(file: string) => boolean} wanted @returns {Plan[]} */
  const plansOn = (runtime, wanted) =>
    files.filter(wanted).map((file) => {
      const whole = isCore(file) ? usual.core : (slow[topicOf(file)] ?? usual.behaviour);
      const share = runtime === main || isCore(file) || tier === 'all' ? 1 : 0.2;
      const name = runtime === main ? file : `${file} [${runtime.name}]`;
      return { name, file, runtime, weight: whole * share };
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
  // a part of them is in nobody's way
  const isAlone = (/** @type {Plan} */ { file, runtime }) =>
    alone.includes(file) && (runtime === main || tier === 'all');
  const isApart = (/** @type {Plan} */ plan) => idle.includes(plan.file) || isAlone(plan);
  return {
    plans,
    stages: (wanted, weightOf) => {
      const rest = plans.filter(wanted);
      /** @param {(plan: Plan) => boolean} those */
      const batches = (those) => batched(rest.filter(those), weightOf);
      const isWaiting = (/** @type {Plan} */ { file }) => waiting.includes(file);
      const isUnit = (/** @type {Plan} */ { file }) => isCore(file);
      return [
        { atATime: sideBySide, batches: batches(isUnit) },
        {
          atATime: sideBySide + 1,
          batches: [
            ...batches(isWaiting),
            ...batches((plan) => !isUnit(plan) && !isApart(plan) && !isWaiting(plan)),
          ],
        },
        { atATime: sideBySide, batches: batches(({ file }) => idle.includes(file)) },
        { atATime: 1, batches: batches(isAlone) },
      ];
    },
  };
}

/** Names of files that are not there: they would hide a file of the same name later. @returns {string[]} */
export function staleNames() {
  const named = [...idle, ...waiting, ...alone, ...ownProcess, ...Object.keys(slow).map(behaviourFile)];
  return named.filter((file) => !fs.existsSync(inRoot(file)));
}
