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
 * Core's tests start no interpreter and may run beside each other; the others start many, and take turns.
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
  'executions-many',
  'ssh-conformance',
  'threads-idle',
  'transport',
  'transport-lease',
  'transport-mutants',
  'transport-openssh',
  'transport-ssh',
  'transport-via',
].map((name) => path.join('packages', 'execnet', 'test', `${name}.test.ts`));

/**
 * Whether a file's matter is a connection to a server, made by a library that is the same everywhere: of the versions of Node the one that runs this
 * and the newest show all that there is to see.
 *
 * @param {string} file
 */
const isAboutServers = (file) => path.basename(file).startsWith('ssh-');

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
 * What is to run, in its order: every file on the running Node; then, as the local end matrix, the behaviour on every
 * other runtime, as far as the local end has a part in it, and core on those that are not Node.
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
  return [
    { atATime: 2, plans: plans([running], isUnit) },
    { atATime: 1, plans: plans([running], (file) => !isUnit(file)) },
    {
      atATime: 2,
      plans: plans(
        others.filter(({ kind }) => kind !== 'node'),
        isUnit,
      ),
    },
    {
      atATime: 1,
      plans: plans(
        others,
        (file, runtime) =>
          isBehaviour(file) &&
          !once.includes(file) &&
          (!isAboutServers(file) || runtime.kind !== 'node' || runtime === newest),
      ),
    },
  ];
}

/** Exclusions of files that are not there: they would hide a file of the same name later. @returns {string[]} */
export function staleExclusions() {
  const named = [...exclusions.map(({ file }) => file), ...once];
  return named.filter((file) => !fs.existsSync(inRoot(file)));
}
