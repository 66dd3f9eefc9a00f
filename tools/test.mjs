/**
 * `npm test`: sets up, checks the sources, and runs the tests.
 *
 *   npm test -- [--all] [--fresh] [--bail] [PART]    only the test files whose path contains PART, without the checks of the sources
 *   npm test -- --plan                      shows what would be tried where, and runs nothing
 *
 *   --all     every suite whole on every interpreter; otherwise most are dealt out over the interpreters between the oldest and the newest
 *   --fresh   also what passed before and depends on nothing that has changed since
 *   --bail    stops after the first test file that fails
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checks } from './lib/checks.mjs';
import { machine } from './lib/combinations.mjs';
import { planTable, tierSummary, uncovered } from './lib/coverage.mjs';
import { Passed } from './lib/passed.mjs';
import { missingPythons } from './lib/pythons.mjs';
import { Report } from './lib/report.mjs';
import { inRoot } from './lib/root.mjs';
import { runBatch } from './lib/run-batch.mjs';
import { build, install } from './lib/set-up.mjs';
import { takeTurns } from './lib/take-turns.mjs';
import { isBehaviour, testPlan } from './lib/test-plan.mjs';

/** @typedef {import('./lib/run-batch.mjs').Tried} Tried */

/** Lint, type check and packing are as heavy as a test file; two are what a small machine carries. */
const checksAtATime = 2;

const report = new Report();

/** @param {string} name @param {{ ok: boolean, output: string, seconds?: number }} outcome */
function count(name, { ok, output, seconds = 0 }) {
  report.add({ name, passed: Number(ok), failed: Number(!ok), skipped: 0, seconds, faults: [], output });
}

/**
 * Counts a step of the set-up if it fails. True if it did not.
 *
 * @param {string} name
 * @param {() => Promise<void>} step
 */
async function succeeds(name, step) {
  try {
    await step();
    return true;
  } catch (error) {
    count(name, { ok: false, output: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

async function installAll() {
  for (const { name, reason } of await install({ test: true })) {
    // Where nobody reads the output, a part that is always skipped would go unseen for ever.
    if (process.env['CI'] === 'true') count(`set up ${name}`, { ok: false, output: reason });
    else report.skip(name, reason);
  }
}

async function runChecks() {
  await takeTurns(checks(), checksAtATime, async ({ name, run, excuse }) => {
    const reason = excuse?.();
    if (reason !== undefined) return report.skip(name, reason);
    const start = performance.now();
    const outcome = await run();
    count(name, { ...outcome, seconds: (performance.now() - start) / 1000 });
  });
}

/** Names the Python versions that this run tries, and those that are missing. @param {import('./lib/combinations.mjs').Machine} machine */
function namePythons({ pythons }) {
  report.remark(`Python remote ends: ${pythons.map(({ name }) => name).join(', ') || 'none'}`);
  for (const { name, reason } of missingPythons()) report.skip(name, reason);
}

/**
 * @param {import('./lib/combinations.mjs').Tier} tier
 * @param {{ filter: string, fresh: boolean, bail: boolean, checked: Promise<void> | undefined }} options
 */
async function runTests(tier, { filter, fresh, bail, checked }) {
  const here = machine();
  const { plans, lanes } = testPlan(here, tier, filter);
  if (plans.length === 0)
    count(filter ? `test files that match ${filter}` : 'test files', { ok: false, output: 'there are none' });
  if (plans.some(({ file }) => path.basename(file).startsWith('python-'))) namePythons(here);
  const passed = new Passed(here, tier);
  /** @type {Tried[]} */
  const tried = [];
  let unchanged = 0;
  const toRun = plans.filter((plan) => {
    // who names a file wants to see it run
    const known = fresh || filter !== '' ? undefined : passed.resultOf(plan);
    if (known === undefined) return true;
    report.unchanged(plan.name, known);
    tried.push(...(known.tried ?? []));
    unchanged++;
    return false;
  });
  if (unchanged > 0)
    report.remark(
      `${unchanged} test files passed before and were not run: nothing that they depend on has changed (--fresh runs them)`,
    );
  /** @param {import('./lib/test-plan.mjs').Plan} plan */
  const weightOf = (plan) => passed.secondsOf(plan) ?? plan.weight;
  report.expect(
    toRun.length,
    toRun.reduce((sum, plan) => sum + weightOf(plan), 0),
  );
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'execnet-test-'));
  // Ctrl-C ends in `process.exit`, which runs no `finally`.
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const cache = inRoot('.cache', 'compiled');
  fs.mkdirSync(cache, { recursive: true });
  const options = { folder, cache, tier, machine: here };
  const beside = lanes((plan) => toRun.includes(plan), weightOf).map(async ({ waits, atATime, batches }) => {
    // what mostly waits goes on beside the checks
    if (!waits) await checked;
    await takeTurns(batches, atATime, async (batch) => {
      if (bail && report.failed) return;
      await runBatch(batch, options, (plan, result) => {
        report.add(result, weightOf(plan));
        tried.push(...(result.tried ?? []));
        passed.remember(plan, result);
        passed.save();
      });
    });
  });
  await Promise.all([checked, ...beside]);
  if (filter === '' && !(bail && report.failed) && plans.some(({ file }) => isBehaviour(file))) {
    const missing = uncovered(here, tier, tried);
    count('every suite met every interpreter, local end, model and transport', {
      ok: missing.length === 0,
      output: missing.join('\n'),
    });
  }
  report.remark(filter === '' ? tierSummary(here, tier) : `Tier: ${tier}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
  },
});
const tier = values.all ? 'all' : 'default';
const filter = positionals[0] ?? '';

if (values.plan) {
  if (await succeeds('install', installAll)) console.log(planTable(machine()));
  else process.exitCode = 1;
} else {
  if (await succeeds('install', installAll)) {
    const built = await succeeds('build', build);
    const checked = filter ? undefined : runChecks();
    // One that works on a part wants to see its tests while another part does not compile.
    if (built || filter) await runTests(tier, { filter, fresh: values.fresh, bail: values.bail, checked });
    await checked;
  }
  process.exitCode = report.finish() ? 0 : 1;
}
