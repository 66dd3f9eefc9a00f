import path from 'node:path';
import { localPart, pythonsOf, remotesOf, sharedPythonsOf, sharesOf, spreadOf } from './combinations.mjs';
import { isBehaviour, testFiles } from './test-plan.mjs';

/**
 * @typedef {import('./combinations.mjs').Machine} Machine
 * @typedef {import('./combinations.mjs').Tier} Tier
 * @typedef {import('./deal.mjs').Part} Part
 *
 * @typedef {object} Row a combination on which a suite is tried
 * @property {string} suite
 * @property {string} file the test file, without its ending
 * @property {string} local
 * @property {string} [remote]
 * @property {string} model
 * @property {string} transport
 * @property {Part} part which of its cases
 *
 * @typedef {object} Axes what the test files of behaviour try each suite on, besides the local ends
 * @property {readonly string[]} javascript files that try each remote end in JavaScript
 * @property {readonly string[]} python files that try each remote end in Python
 */

/** @param {string} text */
const words = (text) => text.trim().split(/\s+/);

/** Files whose tests start processes of their own, and are tried on every remote end in JavaScript. */
const dealing = words(`
  compiled connect-errors crash-exit crash-kill crash-misuse execnet-channels execnet-errors execnet-groups execnet-hostile execnet-lifetime execnet-spec
  execnet-ssh execnet-values executions-many exit-foreign exit-killed flow-control garbage hostile-local lease lifetime-descriptors lifetime-models
  lifetime-terminate prints spec-fields ssh-basic ssh-network structured-local via worker
`);

/** All files whose tests are tried on every remote end in JavaScript. */
export const javascript = [
  ...dealing,
  ...words(`
    blocking callbacks cancelling channels errors executing files iteration main-thread-only multi-channel nested-channels pure-functions status structured
    threads values
  `),
];

/** Files whose tests start processes of their own, and are tried on every remote end in Python. */
const dealingPython = words(`
  python-command python-ending python-greenlets python-killed python-lifetime python-terminating
`);

/** All files whose tests are tried on every remote end in Python. */
export const python = [
  ...dealingPython,
  ...words(`
    python-callbacks python-cancelling python-channels python-errors python-executing python-files python-flow python-main-thread-only python-memory
    python-prints python-status python-strings python-threads python-values
  `),
];

/** Suites for gateways of any kind: under each model, over each transport. By the name of their test file, their topics. @type {Readonly<Record<string, string>>} */
export const general = {
  blocking: 'blocking calls',
  callbacks: 'callbacks',
  cancelling: 'cancelling',
  channels: 'channels',
  errors: 'errors',
  executing: 'executing',
  files: 'files and streams',
  iteration: 'iteration',
  'multi-channel': 'multi-channel',
  'nested-channels': 'nested channels',
  status: 'status',
  values: 'values',
};

/** The models besides `thread`, under which the general suites are tried in their own files. */
export const models = ['main_thread_only', 'worker', 'structured'];

/** The file that tries the general suites under these. */
const modelsFile = 'execution-models';

/** The file that tries the general suites over other transports than popen. */
const transportsFile = 'ssh-conformance';

/** What it tries. */
export const transports = ['popen via popen', 'ssh', 'ssh_client=openssh', 'popen via ssh', 'ssh via ssh'];

/** Whether a file runs the general suites under another model or over another transport than their own files. @param {string} file */
export const isGeneral = (file) => file === transportsFile || file === modelsFile;

/** The names of the test files of behaviour. */
const behaviours = () =>
  testFiles()
    .filter(isBehaviour)
    .map((file) => path.basename(file, '.test.ts'));

/** All names of files above that are not there. @returns {string[]} */
export function unknownSuites() {
  const known = behaviours();
  return [...javascript, ...python, ...Object.keys(general), modelsFile, transportsFile].filter(
    (name) => !known.includes(name),
  );
}

/**
 * Every combination on which a tier tries a suite.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @returns {Row[]}
 */
export function rowsOf(machine, tier) {
  const locals = [machine.main, ...machine.others].map(({ name }) => name);
  const usual = { model: 'thread', transport: 'popen' };
  return locals.flatMap((local) => {
    const part = localPart(machine, tier, local);
    const remotes = remotesOf(machine, tier, local);
    const shares = sharesOf(machine, tier, local);
    const pythons = pythonsOf(machine, tier, local);
    const sharedPythons = sharedPythonsOf(machine, tier, local);
    return [
      ...behaviours()
        .filter((file) => ![...javascript, ...python, transportsFile, modelsFile].includes(file))
        .map((file) => ({ suite: file, file, local, ...usual, part })),
      ...javascript.flatMap((file) =>
        (dealing.includes(file) ? shares : remotes).map(({ value, part }) => ({
          suite: file,
          file,
          local,
          remote: value.name,
          ...usual,
          ...(file === 'main-thread-only' && { model: 'main_thread_only' }),
          ...(['structured', 'worker'].includes(file) && { model: file }),
          part,
        })),
      ),
      ...python.flatMap((file) =>
        (dealingPython.includes(file) ? sharedPythons : pythons).map(({ value, part }) => ({
          suite: file,
          file,
          local,
          remote: value.name,
          ...usual,
          part,
        })),
      ),
      // a part of the other local ends on models and transports falls where it falls
      ...(tier === 'default' && local !== machine.main.name ? [] : Object.keys(general)).flatMap((suite) => [
        ...spreadOf(machine, tier, local, models).map(({ value, part }) => ({
          suite,
          file: modelsFile,
          local,
          remote: local,
          ...usual,
          model: value,
          part,
        })),
        ...spreadOf(machine, tier, local, transports).map(({ value, part }) => ({
          suite,
          file: transportsFile,
          local,
          ...usual,
          transport: value,
          part,
        })),
      ]),
    ];
  });
}
