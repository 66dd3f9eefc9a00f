/**
 * `npm run mutants [-- --count N --skip N --seed N --layer NAME]`: breaks a copy of the product in one place at a time, and tells whether the tests notice: the suites of the
 * layer, in the default tier, then in the other one; what that finds has to be found by the whole default tier. Prints a table in Markdown; exits with 1 if the default tier misses
 * what the other finds.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { layers, mutants } from './lib/mutants.mjs';
import { root } from './lib/root.mjs';
import { run } from './lib/run.mjs';
import { build, install } from './lib/set-up.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '40' },
    skip: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    layer: { type: 'string', multiple: true },
  },
});
const names = values.layer ?? Object.keys(layers);
for (const name of names) {
  if (!(name in layers)) throw new Error(`--layer ${name}: there are ${Object.keys(layers).join(', ')}`);
}

await install({ test: true });
await build();

const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'execnet-mutants-'));
process.once('exit', () => fs.rmSync(copy, { recursive: true, force: true }));
// links instead of copies where the file system has them; a mutated file is written anew
await run('cp', ['-a', '--reflink=auto', `${root}.`, copy], { limit: 600 });
fs.rmSync(path.join(copy, '.cache'), { recursive: true, force: true });

/** @param {readonly string[]} args */
const test = (args) =>
  run(process.execPath, ['tools/test.mjs', '--bail', '--fresh', ...args], { cwd: copy, limit: 7200 });

/** The test file that noticed. @param {string} output */
const firstFailure = (output) => /^FAIL (?:\[[^\]]*\] )?([^:]+)/m.exec(output)?.[1] ?? 'the run itself';

/** The test file that notices, of the first run that fails. @param {readonly (readonly string[])[]} runs the arguments of each */
async function firstThatFails(runs) {
  for (const args of runs) {
    const { ok, output } = await test(args);
    if (!ok) return firstFailure(output);
  }
  return undefined;
}

/** @param {import('./lib/mutants.mjs').Mutant} mutant @returns {Promise<{ byDefault: string, byAll: string } | undefined>} undefined: it does not compile */
async function judge(mutant) {
  const file = path.join(copy, mutant.file);
  const original = fs.readFileSync(file);
  fs.rmSync(file);
  fs.writeFileSync(file, mutant.text);
  try {
    const built = await run(path.join(copy, 'node_modules/.bin/nx'), ['run-many', '-t', 'build'], {
      cwd: copy,
      env: { ...process.env, NX_TUI: 'false', NX_DAEMON: 'false' },
      limit: 600,
    });
    if (!built.ok) return undefined;
    const suites = layers[mutant.layer]?.suites ?? [];
    const byDefault = await firstThatFails(suites.map((part) => [part]));
    if (byDefault !== undefined) return { byDefault, byAll: '' };
    const byAll = await firstThatFails(suites.map((part) => ['--all', part]));
    if (byAll === undefined) return { byDefault: '', byAll: '' };
    return { byDefault: (await firstThatFails([[]])) ?? '', byAll };
  } finally {
    fs.writeFileSync(file, original);
  }
}

console.log('| mutant | was | became | default tier | --all |\n| --- | --- | --- | --- | --- |');
let missed = 0;
let judged = 0;
let left = Number(values.skip);
for (const mutant of mutants(Number(values.seed), names)) {
  if (judged === Number(values.count)) break;
  if (left-- > 0) continue;
  const verdict = await judge(mutant);
  if (verdict === undefined) continue;
  judged++;
  const { byDefault, byAll } = verdict;
  if (byDefault === '' && byAll !== '') missed++;
  const quoted = (/** @type {string} */ text) => `\`${text.trim().replaceAll('|', '\\|')}\``;
  const told = [
    `${mutant.layer} ${mutant.file}:${mutant.line}`,
    quoted(mutant.before),
    quoted(mutant.after),
    byDefault || '–',
    byAll || (byDefault ? '' : '–'),
  ];
  console.log(`| ${told.join(' | ')} |`);
}
console.log(`\n${judged} mutants; the default tier misses ${missed} that the other tier finds`);
process.exitCode = missed > 0 ? 1 : 0;
