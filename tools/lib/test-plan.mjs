import fs from 'node:fs';
import path from 'node:path';
import { exclusions } from './exclusions.mjs';
import { inRoot } from './root.mjs';

/**
 * @typedef {import('./interpreters.mjs').Interpreter} Interpreter
 *
 * @typedef {object} Plan one test file on one runtime
 * @property {string} name `packages/core/test/spec/parse.test.ts`, with ` [bun]` behind it on another runtime
 * @property {string} file relative to the repository
 * @property {Interpreter} runtime
 * @property {boolean} behaviour it starts real gateways
 * @property {string} [excluded] why it is left out there
 */

/** Every test file of every package, sorted. */
function testFiles() {
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

/**
 * Core's tests start no interpreter: they tell first, and soon, what is broken.
 *
 * @param {string} file
 */
const isUnit = (file) => file.startsWith('packages/core/');

/** @param {string} file */
const isBehaviour = (file) => file.startsWith('packages/execnet/');

/**
 * Their matter is the remote end alone, which they try on every interpreter, or whole suites over ways that other files try on every local end; on further
 * local ends they would take minutes and show nothing new.
 */
const once = [
  'execnet-channels',
  'execnet-errors',
  'execnet-groups',
  'execnet-hostile',
  'execnet-lifetime',
  'execnet-spec',
  'execnet-ssh',
  'execnet-values',
  'executions-many',
  'python-callbacks',
  'python-cancelling',
  'python-channels',
  'python-command',
  'python-ending',
  'python-errors',
  'python-executing',
  'python-files',
  'python-flow',
  'python-greenlets',
  'python-hostile',
  'python-killed',
  'python-lifetime',
  'python-main-thread-only',
  'python-memory',
  'python-prints',
  'python-status',
  'python-strings',
  'python-terminating',
  'python-threads',
  'python-values',
  'ssh-conformance',
  'ssh-python',
  'ssh-python-cut',
  'threads-idle',
  'transport',
  'transport-lease',
  'transport-mutants',
  'transport-openssh',
  'transport-ssh',
  'transport-via',
  'transport-via-python',
  'via-python',
].map(behaviourFile);

/**
 * What the versions of Node between the oldest and the newest run as local ends: one file of each part of what a local end does. Nothing is written for
 * one of them in particular; the oldest and the newest, which run everything, stand at both sides of whatever Node has changed.
 */
const onEveryVersion = [
  'blocking',
  'bundle',
  'callbacks',
  'cancelling',
  'channels',
  'compiled',
  'connect-errors',
  'crash-kill',
  'errors',
  'executing',
  'exit-killed',
  'files',
  'garbage',
  'group',
  'iteration',
  'nested-channels',
  'prints',
  'pure-functions',
  'python-local',
  'spec-fields',
  'status',
  'values',
  'worker',
].map(behaviourFile);

/** They cut networks and count the seconds, mostly idle: only each other may run beside them. */
const idle = ['lease', 'ssh-network-cut', 'ssh-network-cut-via', 'ssh-python-cut', 'transport-lease'].map(
  behaviourFile,
);

/** They measure the memory of processes, or start hundreds of threads: whatever runs beside them is in their way. */
const alone = [
  'execnet-lifetime',
  'executions-many',
  'flow-control',
  'garbage',
  'hostile-frames',
  'python-memory',
].map(behaviourFile);

/** Files side by side: the machines that this is made for have two cores, and most tests wait most of the time. */
const sideBySide = 2;

/** @param {string} name */
function behaviourFile(name) {
  return path.join('packages', 'execnet', 'test', `${name}.test.ts`);
}

/**
 * Whether the packages promise to run on it. They need Node 20.19; older ones are remote ends only.
 *
 * @param {Interpreter} runtime
 */
function isLocalEnd({ kind, version }) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kind !== 'node' || major > 20 || (major === 20 && minor >= 19);
}

/**
 * What is to run: every file on the running Node; as the local end matrix, the behaviour on the newest Node, Bun and Deno, as far as the local end has
 * a part in it, and a selection of it on the other versions of Node; core on those that are not Node. In its order: core, what may run beside anything, what
 * may not, and what has to run alone.
 *
 * @param {Interpreter} running
 * @param {readonly Interpreter[]} found
 * @param {string} filter part of a path; '' for all
 * @returns {{ atATime: number, plans: Plan[] }[]}
 */
export function testPlan(running, found, filter) {
  const files = testFiles().filter((file) => file.includes(filter));
  const others = found.filter((one) => one.path !== running.path && isLocalEnd(one));
  const newest = others.filter(({ kind }) => kind === 'node').at(-1);
  /** @param {readonly Interpreter[]} runtimes @param {(file: string, runtime: Interpreter) => boolean} wanted @returns {Plan[]} */
  const plans = (runtimes, wanted) =>
    runtimes.flatMap((runtime) =>
      files
        .filter((file) => wanted(file, runtime))
        .map((file) => {
          const name = runtime === running ? file : `${file} [${runtime.name}]`;
          const excluded = exclusions.find(
            (one) => one.file === file && one.runtime === runtime.name,
          )?.reason;
          const plan = { name, file, runtime, behaviour: isBehaviour(file) };
          return excluded === undefined ? plan : { ...plan, excluded };
        }),
    );
  const all = [
    ...plans([running], () => true),
    ...plans(others, (file, runtime) =>
      isUnit(file)
        ? runtime.kind !== 'node'
        : isBehaviour(file) &&
          !once.includes(file) &&
          (onEveryVersion.includes(file) || runtime.kind !== 'node' || runtime === newest),
    ),
  ];
  /** @param {(file: string) => boolean} wanted */
  const those = (wanted) => all.filter(({ file }) => wanted(file));
  /** @param {string} file */
  const isApart = (file) => idle.includes(file) || alone.includes(file);
  return [
    { atATime: sideBySide, plans: those(isUnit) },
    { atATime: sideBySide, plans: those((file) => !isUnit(file) && !isApart(file)) },
    { atATime: sideBySide, plans: those((file) => idle.includes(file)) },
    { atATime: 1, plans: those((file) => alone.includes(file)) },
  ];
}

/** Exclusions of files that are not there: they would hide a file of the same name later. @returns {string[]} */
export function staleExclusions() {
  const named = [...exclusions.map(({ file }) => file), ...once, ...onEveryVersion, ...idle, ...alone];
  return named.filter((file) => !fs.existsSync(inRoot(file)));
}
