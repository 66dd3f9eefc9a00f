/**
 * `npm test`: sets up, checks the sources, runs every test file on this Node, then the behaviour on the other
 * runtimes. `npm test -- PART` runs only the test files whose path contains PART.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checks } from './lib/checks.mjs';
import { interpreters, runningInterpreter } from './lib/interpreters.mjs';
import { missingPythons, pythons } from './lib/pythons.mjs';
import { Report } from './lib/report.mjs';
import { runTestFile } from './lib/run-test-file.mjs';
import { build, install } from './lib/set-up.mjs';
import { takeTurns } from './lib/take-turns.mjs';
import { testPlan } from './lib/test-plan.mjs';

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

/** Which of the many versions this run shows something of, and which not. */
function namePythons() {
  const found = pythons().map(({ name }) => name);
  report.remark(`Python remote ends: ${found.join(', ') || 'none'}`);
  for (const { name, reason } of missingPythons()) report.skip(name, reason);
}

/** @param {string} filter */
async function runTests(filter) {
  const stages = testPlan(runningInterpreter(), interpreters(), filter);
  if (stages.every(({ plans }) => plans.length === 0)) {
    count(filter ? `test files that match ${filter}` : 'test files', { ok: false, output: 'there are none' });
  }
  if (stages.some(({ plans }) => plans.some(({ file }) => path.basename(file).startsWith('python-'))))
    namePythons();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'execnet-test-'));
  // Ctrl-C ends in `process.exit`, which runs no `finally`.
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const cache = path.join(folder, 'compiled');
  fs.mkdirSync(cache);
  /** @type {{ plan: import('./lib/test-plan.mjs').Plan, result: import('./lib/run-test-file.mjs').Result }[]} */
  const failed = [];
  for (const { atATime, plans } of stages) {
    await takeTurns(plans, atATime, async (plan) => {
      if (plan.excluded !== undefined) return report.skip(plan.name, plan.excluded);
      const result = await runTestFile(plan, { folder, cache });
      if (result.failed === 0 || !plan.behaviour) return report.add(result);
      report.postpone(result);
      failed.push({ plan, result });
    });
  }
  // Hundreds of processes and bounds in seconds: a machine that stalls fails them too. What fails again with nothing beside it is broken; what
  // does not is named in the totals, because a race of ours looks the same.
  for (const { plan, result } of failed) {
    const again = await runTestFile(plan, { folder, cache });
    if (again.failed === 0) report.unsteady(result);
    report.add(again);
  }
}

const filter = process.argv[2] ?? '';
if (await succeeds('install', installAll)) {
  const built = await succeeds('build', build);
  if (!filter) await runChecks();
  // One that works on a part wants to see its tests while another part does not compile.
  if (built || filter) await runTests(filter);
}
process.exitCode = report.finish() ? 0 : 1;
