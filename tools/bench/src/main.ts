/**
 * Measures execnet against what it is built on, what a user would pick instead, and Python's execnet:
 *
 *     npm run bench -- [names…] [--json FILE] [--quick] [--patient] [--interpreter node-24]
 *
 * With --patient each measurement waits until nothing else runs on the machine, which takes as long as it takes.
 * Nothing here passes or fails: the aims are shown beside the results.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { interpreters, runningInterpreter } from '../../lib/interpreters.mjs';
import { Baseline } from './baseline.ts';
import type { Interpreter, Setting } from './benchmark.ts';
import { benchmarks } from './benchmarks/index.ts';
import { Quiet } from './quiet.ts';
import { measureAfter } from './rounds.ts';
import type { Row } from './row.ts';
import { table } from './table.ts';

/** Node reads the file that it names at every start, which makes a start three times as long on Node 20. */
const DISTURBING = 'NODE_EXTRA_CA_CERTS';

const USAGE = `npm run bench -- [names…] [--json FILE] [--quick] [--patient] [--interpreter NAME]
names: ${benchmarks.map(({ name }) => name).join(', ')}`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      patient: { type: 'boolean', default: false },
      interpreter: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const unknown = positionals.filter((name) => !benchmarks.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`there is no benchmark ${unknown.join(', ')}\n${USAGE}`);
  const chosen = benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

  const notes: string[] = [];
  if (process.env[DISTURBING] !== undefined) {
    delete process.env[DISTURBING];
    notes.push(`${DISTURBING} is set; it is not handed on to what is measured`);
  }
  const found = interpreters();
  const interpreter = pick(found, values.interpreter);
  await using python = await Baseline.find();
  if (python) notes.push(`Python's execnet ${python.version}`);
  else notes.push("Python's execnet is not there (Debian: python3-execnet): its results are missing");
  const setting: Setting = {
    quick: values.quick,
    interpreter,
    interpreters: values.interpreter === undefined ? startedOn(interpreter, found) : [interpreter],
    node: interpreter.kind === 'node' ? interpreter.path : process.execPath,
    python,
  };
  const model = cpus()[0]?.model ?? 'unknown processor';
  notes.unshift(`local end Node ${process.versions.node}, remote ends ${interpreter.name}`);
  notes.unshift(`${availableParallelism()} × ${model}, load ${load()} at the start`);
  if (values.quick) notes.push('--quick: a look at whether it runs, no figures to keep');
  for (const note of notes) console.log(note);

  const quiet = new Quiet();
  if (values.patient) measureAfter(() => quiet.wait());
  const terminal = process.stdout.isTTY === true;
  const results: { name: string; title: string; rows: Row[] }[] = [];
  for (const benchmark of chosen) {
    if (process.stderr.isTTY) process.stderr.write(`${benchmark.name} …\r`);
    const rows = await benchmark.run(setting);
    results.push({ name: benchmark.name, title: benchmark.title, rows });
    console.log(`\n${table(benchmark.title, rows, terminal)}`);
  }
  console.log(`\n${summary(results.flatMap(({ rows }) => rows))}; load ${load()} at the end`);
  if (values.patient) console.log(quiet.toString());
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ notes, benchmarks: results }, null, 2)}\n`);
}

function pick(found: readonly Interpreter[], name: string | undefined): Interpreter {
  if (name === undefined) return runningInterpreter();
  const one = found.find((interpreter) => interpreter.name === name);
  if (one) return one;
  throw new Error(`there is no interpreter ${name}; found are ${found.map((each) => each.name).join(', ')}`);
}

/** One of each kind: the one that is measured, and those of the other kinds. */
function startedOn(interpreter: Interpreter, found: readonly Interpreter[]): readonly Interpreter[] {
  return [interpreter, ...found.filter(({ kind }) => kind !== interpreter.kind)];
}

function summary(rows: readonly Row[]): string {
  const verdicts = rows.flatMap((one) => [one.met, ...one.comparisons.map(({ met }) => met)]);
  const judged = verdicts.filter((met) => met !== undefined);
  return `${judged.filter(Boolean).length} of ${judged.length} aims met`;
}

/** Of the last minute. What else runs shows in all results; from 0.5 on they are worth little. */
function load(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? loadavg()[0]?.toFixed(2) ?? '';
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
