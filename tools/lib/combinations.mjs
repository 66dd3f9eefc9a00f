import process from 'node:process';
import { dealt, whole } from './deal.mjs';
import { interpreters, isLocalEnd, runningInterpreter } from './interpreters.mjs';
import { pythons } from './pythons.mjs';

/**
 * @typedef {import('./deal.mjs').Part} Part
 * @typedef {import('./interpreters.mjs').Interpreter} Interpreter
 * @typedef {import('./pythons.mjs').Python} Python
 *
 * @typedef {'default' | 'all'} Tier
 *
 * @typedef {object} Machine the interpreters that a run tries
 * @property {Interpreter} main the local end that runs every suite whole
 * @property {readonly Interpreter[]} others the other local ends
 * @property {readonly Interpreter[]} remotes what JavaScript runs on at the remote end
 * @property {readonly Python[]} pythons remote ends in Python
 */

/**
 * Environment variables with which `npm test` tells a test file what to try: the tier, and the machine as JSON. A file that is run by hand tries the default
 * tier, its runtime being the main local end.
 */
export const variables = Object.freeze({ tier: 'EXECNET_TEST_TIER', machine: 'EXECNET_TEST_MACHINE' });

/** @returns {Tier} */
export const currentTier = () => (process.env[variables.tier] === 'all' ? 'all' : 'default');

/** Finds the interpreters, once for each `npm test`: its processes are told. @returns {Machine} */
export function machine() {
  const known = process.env[variables.machine];
  return known === undefined ? findMachine() : JSON.parse(known);
}

/** @returns {Machine} */
function findMachine() {
  const found = interpreters();
  const main = runningInterpreter();
  const locals = found.filter(isLocalEnd);
  return {
    main,
    others: locals.filter((one) => one.name !== main.name),
    remotes: found,
    pythons: pythons(),
  };
}

/** @param {{ version: string }} one */
const numberOf = ({ version }) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
};

/**
 * The oldest and the newest of each family: what a suite is tried on whole.
 *
 * @template {{ version: string }} T
 * @param {readonly T[]} values
 * @param {(value: T) => string} family
 * @returns {Set<T>}
 */
export function ends(values, family) {
  /** @type {Set<T>} */
  const found = new Set();
  for (const name of new Set(values.map(family))) {
    const sorted = values.filter((one) => family(one) === name).sort((a, b) => numberOf(a) - numberOf(b));
    for (const one of [sorted[0], sorted.at(-1)]) if (one) found.add(one);
  }
  return found;
}

/** Of a suite that is not about remote ends each other local end tries so small a part: what is between the two ends is not its matter. */
const thin = 16;

/** And of one that is about them where the main local end has shown each case on an interpreter between already: the two ends meet on the wire only. */
const met = 4;

/**
 * The part of a suite that a local end tries, as far as it does not depend on the remote end. The first case belongs to each part.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local the name of the local end
 * @returns {Part}
 */
export function localPart({ others }, tier, local) {
  const index = others.findIndex(({ name }) => name === local);
  return index < 0 || tier === 'all' ? whole : { index, of: thin * others.length };
}

/**
 * Deals the same tests out over several ways to try them: in the default tier the main local end tries each test in one of them, and each other local end its
 * part in one.
 *
 * @template T
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local
 * @param {readonly T[]} values
 * @returns {{ value: T, part: Part }[]}
 */
export function spreadOf(machine, tier, local, values) {
  if (tier === 'all') return values.map((value) => ({ value, part: whole }));
  const index = machine.others.findIndex(({ name }) => name === local);
  if (index < 0) return dealt(values);
  const part = localPart(machine, tier, local);
  return values.filter((_, n) => n === index % values.length).map((value) => ({ value, part }));
}

/**
 * In the default tier one of `share` tests of each part: for suites that other files try whole.
 *
 * @template T
 * @param {Tier} tier
 * @param {readonly { value: T, part: Part }[]} dealt
 * @param {number} share
 * @returns {{ value: T, part: Part }[]}
 */
export const thinned = (tier, dealt, share) =>
  dealt.map(({ value, part }) => ({
    value,
    part: tier === 'all' ? part : { ...part, of: part.of * share },
  }));

/**
 * The remote ends in JavaScript that a local end tries, and which part of each suite on each of them.
 *
 * In the default tier the main local end tries suites whole on itself and on the oldest and the newest of each family. The other local ends deal each
 * suite out among themselves, on the interpreters between, so that each case meets one of those; less of it, if the main one is such an interpreter.
 *
 * In the other tier the main local end tries all whole, and each other one the first of each kind and itself: the two ends meet on the wire only.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local
 * @returns {{ value: Interpreter, part: Part }[]}
 */
export function remotesOf(machine, tier, local) {
  const { main, others, remotes } = machine;
  const index = others.findIndex(({ name }) => name === local);
  if (tier === 'all') {
    const tried =
      index < 0
        ? remotes
        : remotes.filter(
            (one) =>
              one.name === local ||
              one === remotes.find(({ kind, name }) => kind === one.kind && name !== local),
          );
    return tried.map((value) => ({ value, part: whole }));
  }
  const outer = ends(remotes, ({ kind }) => kind);
  const between = remotes.filter((one) => one.name !== main.name && !outer.has(one));
  if (index < 0) {
    const full = remotes.filter((one) => !between.includes(one));
    return [
      ...full.map((value) => ({ value, part: whole })),
      // no other local end is there to try them
      ...(others.length === 0 ? dealt(between) : []),
    ];
  }
  const self = remotes.find(({ name }) => name === local);
  const value = between.find(({ name }) => name === local) ?? between[index % between.length] ?? self ?? main;
  const isAtTheEdge = [...outer].some(({ name }) => name === main.name);
  return [{ value, part: { index, of: isAtTheEdge ? others.length : met * others.length } }];
}

/** Suites that start processes for each test try one of so many cases on the oldest and the newest interpreters, other than the main one, together. */
const outerShare = 3;

/**
 * The same for suites that start processes for each test: the main local end tries them whole on itself only, and deals a part of them out over the other
 * interpreters on which it tries suites whole.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local
 * @returns {{ value: Interpreter, part: Part }[]}
 */
export function sharesOf(machine, tier, local) {
  const tried = remotesOf(machine, tier, local);
  const { name } = machine.main;
  if (tier === 'all' || local !== name) return tried;
  return [
    ...tried.filter(({ value }) => value.name === name),
    ...thinned(tier, dealt(tried.map(({ value }) => value).filter((one) => one.name !== name)), outerShare),
  ];
}

/**
 * The same for remote ends in Python. The main local end tries suites whole on the oldest and the newest CPython, and deals them out over the others, PyPy and
 * Jython among them; each other local end tries a small part on one of these.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local
 * @returns {{ value: Python, part: Part }[]}
 */
export function pythonsOf(machine, tier, local) {
  const { others, pythons } = machine;
  const index = others.findIndex(({ name }) => name === local);
  if (tier === 'all')
    return (index < 0 ? pythons : pythons.slice(0, 1)).map((value) => ({ value, part: whole }));
  const cpythons = pythons.filter(({ runtime }) => runtime === 'cpython');
  const outer = ends(cpythons, ({ runtime }) => runtime);
  const between = cpythons.filter((one) => !outer.has(one));
  if (index >= 0)
    return (between.length > 0 ? between : pythons)
      .slice(index % between.length)
      .slice(0, 1)
      .map((value) => ({ value, part: localPart(machine, tier, local) }));
  return [
    ...[...outer].map((value) => ({ value, part: whole })),
    ...dealt(pythons.filter((one) => !outer.has(one))),
  ];
}

/** Suites that start processes for each test try one of so many parts on the oldest CPython. */
const oldestShare = 4;

/** And one of so many on Jython, which takes seconds of a processor to start. */
const slowestShare = 64;

/**
 * The same for suites that start processes for each test: whole on the newest CPython only.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {string} local
 * @returns {{ value: Python, part: Part }[]}
 */
export function sharedPythonsOf(machine, tier, local) {
  const tried = pythonsOf(machine, tier, local);
  if (tier === 'all' || local !== machine.main.name) return tried;
  const newest = tried.filter(({ part }) => part.of === 1).at(-1);
  const isQuick = (/** @type {{ value: Python }} */ { value }) => value.runtime !== 'jython';
  return [
    ...tried
      .filter(({ part }) => part.of === 1)
      .map((one) => (one === newest ? one : { ...one, part: { index: 0, of: oldestShare } })),
    ...dealt(tried.filter((one) => one.part.of > 1 && isQuick(one)).map(({ value }) => value)),
    ...tried
      .filter((one) => !isQuick(one))
      .map(({ value }) => ({ value, part: { index: 0, of: slowestShare } })),
  ];
}
