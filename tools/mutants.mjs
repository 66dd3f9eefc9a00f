/**
 * `npm run mutants [-- --count N --seed N --layer NAME]`: breaks a copy of the product in one place at a time, and tells whether the tests notice. What the default
 * tier does not notice is tried on the suites of its layer in the other tier. Prints a table in Markdown; exits with 1 if the default tier misses what the other finds.
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
    const tried = await test([]);
    if (!tried.ok) return { byDefault: firstFailure(tried.output), byAll: '' };
    for (const part of layers[mutant.layer]?.suites ?? []) {
      const whole = await test(['--all', part]);
      if (!whole.ok) return { byDefault: '', byAll: firstFailure(whole.output) };
    }
    return { byDefault: '', byAll: '' };
  } finally {
    fs.writeFileSync(file, original);
  }
}

console.log('| mutant | was | became | default tier | --all |\n| --- | --- | --- | --- | --- |');
let missed = 0;
let judged = 0;
for (const mutant of mutants(Number(values.seed), names)) {
  if (judged === Number(values.count)) break;
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
    byDefault ? '' : byAll || '–',
  ];
  console.log(`| ${told.join(' | ')} |`);
}
console.log(`\n${judged} mutants; the default tier misses ${missed} that the other tier finds`);
process.exitCode = missed > 0 ? 1 : 0;
