import path from 'node:path';
import {
  localPart,
  pythonsOf,
  remotesOf,
  sharedPythonsOf,
  sharesOf,
  spreadOf,
  thinned,
} from './combinations.mjs';
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
 */

/** @param {string} text */
const words = (text) => text.trim().split(/\s+/);

/** Files whose tests start processes of their own, or threads by the dozen, and are tried on every remote end in JavaScript. */
const dealing = words(`
  compiled connect-errors crash-exit crash-kill crash-misuse execnet-channels execnet-errors execnet-groups execnet-hostile execnet-lifetime execnet-schedules execnet-spec
  execnet-ssh execnet-values executions-many exit-foreign exit-killed fake-clock collected flow-control folder-gone hostile-local interpreter-options lease lifetime-descriptors lifetime-models
  lifetime-terminate patched-builtins prints spec-fields ssh-basic stack-overflow structured-local thread-start threads unread-prints via worker
`);

/** Files whose tests share a gateway, mostly, and are tried on every remote end in JavaScript. */
const sharing = words(`
  blocking callbacks cancelling channels closing errors executing exposing files garbage half-closed iteration left-behind main-thread-only multi-channel nested-channels processes pure-functions schedules services status streams structured
  values
`);

/** All files whose tests are tried on every remote end in JavaScript. */
export const javascript = [...dealing, ...sharing];

/** The files of these that are about a model. @type {Readonly<Record<string, string>>} */
const ownModels = { 'main-thread-only': 'main_thread_only', structured: 'structured', worker: 'worker' };

/** Files whose tests start processes of their own, and are tried on every remote end in Python. */
const dealingPython = words(`
  python-command python-ending python-greenlets python-killed python-lifetime python-terminating
`);

/** Files whose tests share a gateway, mostly, and are tried on every remote end in Python. */
const sharingPython = words(`
  python-callbacks python-cancelling python-channels python-closing python-errors python-executing python-exposing python-files python-flow python-garbage python-half-closed python-interference python-left-behind python-main-thread-only python-memory
  python-prints python-processes python-schedules python-services python-signals python-status python-streams python-strings python-threads python-values
`);

/** All files whose tests are tried on every remote end in Python. */
export const python = [...dealingPython, ...sharingPython];

/** Suites for gateways of any kind: under each model, over each transport. By the name of their test file, their topics. @type {Readonly<Record<string, string>>} */
export const general = {
  blocking: 'blocking calls',
  callbacks: 'callbacks',
  cancelling: 'cancelling',
  channels: 'channels',
  closing: 'closing',
  errors: 'errors',
  executing: 'executing',
  exposing: 'remote objects',
  files: 'files and streams',
  garbage: 'dropped channels',
  'half-closed': 'half-closed channels',
  iteration: 'iteration',
  'left-behind': 'left behind',
  'multi-channel': 'multi-channel',
  'nested-channels': 'nested channels',
  processes: 'processes and ports',
  schedules: 'schedules',
  services: 'services',
  status: 'status',
  streams: 'streams of results',
  values: 'values',
};

/** The models besides `thread`, under which the general suites are tried in their own files. */
export const models = ['main_thread_only', 'worker', 'structured'];

/** The file that tries the general suites under these. */
const modelsFile = 'execution-models';

/** The file that tries the general suites over other transports than popen. */
const transportsFile = 'ssh-conformance';

/** The transports that it tries. */
export const transports = [
  'popen via popen',
  'popen via python',
  'ssh',
  'ssh_client=openssh',
  'popen via ssh',
  'ssh via ssh',
];

/** The default tier tries one of so many cases of these suites there: their own files try them whole. */
export const generalShare = 3;

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
    /** @param {readonly string[]} files @param {readonly { value: { name: string }, part: Part }[]} ends */
    const on = (files, ends) =>
      files.flatMap((file) =>
        ends.map(({ value, part }) => {
          const model = ownModels[file] ?? usual.model;
          return { suite: file, file, local, remote: value.name, ...usual, model, part };
        }),
      );
    const part = localPart(machine, tier, local);
    const named = [...javascript, ...python, transportsFile, modelsFile];
    return [
      ...behaviours()
        .filter((file) => !named.includes(file))
        .map((file) => ({ suite: file, file, local, ...usual, part })),
      ...on(dealing, sharesOf(machine, tier, local)),
      ...on(sharing, remotesOf(machine, tier, local)),
      ...on(dealingPython, sharedPythonsOf(machine, tier, local)),
      ...on(sharingPython, pythonsOf(machine, tier, local)),
      // a part of the other local ends on models and transports falls where it falls
      ...(tier === 'default' && local !== machine.main.name ? [] : Object.keys(general)).flatMap((suite) => [
        ...thinned(tier, spreadOf(machine, tier, local, models), generalShare).map(({ value, part }) => ({
          suite,
          file: modelsFile,
          local,
          remote: local,
          ...usual,
          model: value,
          part,
        })),
        ...thinned(tier, spreadOf(machine, tier, local, transports), generalShare).map(({ value, part }) => ({
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
