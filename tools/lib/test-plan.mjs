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
 * @property {boolean} waits they need little of a processor
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

/** They wait nearly all the time, for networks that are cut, slow logins and grace periods: they go on beside what runs anyway. */
const waiting = [
  'lease',
  'lifetime-terminate',
  'ssh-network-cut',
  'ssh-network-cut-via',
  'ssh-python-cut',
  'ssh-slow-logins',
  'structured',
  'threads-idle',
  'transport-mutants',
].map(behaviourFile);

/** They look at the whole process that runs them, or at its memory, so that it runs nothing else. */
const ownProcess = [
  ...['default-group', 'flow-control', 'lifetime-descriptors'].map(behaviourFile),
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
const batchSeconds = { most: 120, least: 60 };

/** The share of a process in what is left. */
const batchShare = 1 / 6;

/** About how many seconds files take on the main local end, where that is much: the slowest begin first. @type {Readonly<Record<string, number>>} */
const slow = {
  blocking: 17,
  channels: 19,
  docs: 26,
  'execnet-groups': 22,
  'execnet-hostile': 19,
  'execnet-lifetime': 14,
  'execnet-schedules': 25,
  'execnet-ssh': 26,
  'execution-models': 19,
  'executions-many': 25,
  'exit-ending': 21,
  'flow-control': 19,
  'hostile-frames': 19,
  'hostile-local': 25,
  lease: 22,
  'lifetime-models': 43,
  'lifetime-terminate': 40,
  'models-elsewhere': 25,
  'python-flow': 15,
  'python-greenlets': 15,
  'python-hostile': 25,
  'python-killed': 25,
  'python-memory': 16,
  'python-prints': 14,
  'python-schedules': 25,
  'python-terminating': 23,
  'python-values': 15,
  'ssh-basic': 28,
  'ssh-conformance': 38,
  'ssh-host-keys': 21,
  'ssh-hosts': 17,
  'ssh-lifetime': 37,
  'ssh-lifetime-dropbear': 29,
  'ssh-login': 40,

  'ssh-network-cut': 36,
  'ssh-network-cut-via': 44,
  'ssh-proxy': 21,
  'ssh-python': 40,
  'ssh-python-cut': 49,
  'ssh-rekeying': 14,
  'ssh-sharing': 18,
  'ssh-slow-logins': 32,
  'stack-overflow': 15,
  structured: 27,
  'threads-idle': 23,
  'transport-mutants': 40,
  'transport-openssh': 21,
  'transport-ssh': 35,
  'transport-via': 30,
  'transport-via-python': 26,
  'unread-prints': 26,
  via: 18,
  'via-python': 49,
  worker: 23,
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
        { waits: true, atATime: waitingSideBySide, batches: batches(({ file }) => waiting.includes(file)) },
        {
          waits: false,
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
