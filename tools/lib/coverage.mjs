import { ends } from './combinations.mjs';
import { general, isGeneral, javascript, models, python, rowsOf, transports } from './suites.mjs';

/**
 * @typedef {import('./combinations.mjs').Machine} Machine
 * @typedef {import('./combinations.mjs').Tier} Tier
 * @typedef {import('./run-batch.mjs').Tried} Tried
 * @typedef {import('./suites.mjs').Row} Row
 */

/** The kinds of values that a suite has to meet. @type {readonly ('remote' | 'local' | 'model' | 'transport')[]} */
const kinds = ['remote', 'local', 'model', 'transport'];

/**
 * The values that a suite has to meet.
 *
 * @param {Machine} machine
 * @param {string} suite
 * @returns {Record<'remote' | 'local' | 'model' | 'transport', readonly string[]>}
 */
function wantedOf({ main, others, remotes, pythons }, suite) {
  const isGeneral = suite in general;
  return {
    remote: javascript.includes(suite)
      ? remotes.map(({ name }) => name)
      : python.includes(suite)
        ? pythons.map(({ name }) => name)
        : [],
    local: [main, ...others].map(({ name }) => name),
    model: isGeneral ? ['thread', ...models] : [],
    transport: isGeneral ? ['popen', ...transports] : [],
  };
}

/**
 * The pairs of a suite and a value that no combination of the tier has.
 *
 * @param {Machine} machine
 * @param {readonly Row[]} rows
 * @returns {string[]}
 */
function uncoveredPairs(machine, rows) {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  return suites.flatMap((suite) => {
    const wanted = wantedOf(machine, suite);
    return kinds.flatMap((kind) => {
      const met = new Set(rows.filter((row) => row.suite === suite).map((row) => row[kind]));
      return wanted[kind].filter((value) => !met.has(value)).map((value) => `${suite} × ${value}`);
    });
  });
}

/** @param {readonly Row[]} rows */
const counted = (rows) => ({
  whole: rows.filter(({ part }) => part.of === 1).length,
  parts: rows.filter(({ part }) => part.of > 1).length,
});

/**
 * Summarises a tier, and the difference to the other one, in a sentence.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 */
export function tierSummary(machine, tier) {
  const all = counted(rowsOf(machine, 'all'));
  if (tier === 'all')
    return `Tier: all. ${all.whole} combinations of a suite with interpreters, model and transport.`;
  const own = counted(rowsOf(machine, 'default'));
  return (
    `Tier: default. Of ${all.whole} combinations of a suite with interpreters, model and transport ${own.whole} were tried whole and ` +
    `${own.parts} in part; npm test -- --all tries all of them whole.`
  );
}

/** `node-20` or `node-22 1/5`. @param {string} value @param {readonly Row[]} rows */
function shareOf(value, rows) {
  const most = Math.min(...rows.map(({ part }) => part.of));
  return most === 1 ? value : `${value} 1/${most}`;
}

/** @param {Row['suite']} suite @param {readonly Row[]} rows @param {'remote' | 'local' | 'model' | 'transport'} kind */
function cell(suite, rows, kind) {
  const own = rows.filter((row) => row.suite === suite && row[kind] !== undefined);
  const values = [...new Set(own.map((row) => /** @type {string} */ (row[kind])))];
  return (
    values
      .map((value) =>
        shareOf(
          value,
          own.filter((row) => row[kind] === value),
        ),
      )
      .join(', ') || '–'
  );
}

/**
 * The table of `npm test -- --plan`, in Markdown: what the default tier tries of each suite on what, how many combinations that are, and how many the other tier
 * has.
 *
 * @param {Machine} machine
 */
export function planTable(machine) {
  const rows = rowsOf(machine, 'default');
  const all = rowsOf(machine, 'all');
  const suites = [...new Set(rows.map(({ suite }) => suite))].sort();
  const lines = suites.map((suite) => {
    const cells = [suite, ...kinds.map((kind) => cell(suite, rows, kind))];
    const { whole, parts } = counted(rows.filter((row) => row.suite === suite));
    cells.push(`${whole} + ${parts}`, String(all.filter((row) => row.suite === suite).length));
    return `| ${cells.join(' | ')} |`;
  });
  const missing = uncoveredPairs(machine, rows);
  return [
    '| suite | remote ends | local ends | models | transports | default: whole + in part | --all: whole |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    'A value without a fraction is tried with every case of the suite, one with a fraction with that share of the cases.',
    tierSummary(machine, 'default'),
    ...missing.map((pair) => `uncovered: ${pair}`),
    `${missing.length} uncovered pairs`,
  ].join('\n');
}

/**
 * Lists the gaps of a run, a line each: pairs that the plan leaves out, combinations of the plan of which no case was tried, and cases that met no
 * interpreter between the oldest and the newest.
 *
 * @param {Machine} machine
 * @param {Tier} tier
 * @param {readonly Tried[]} tried
 * @returns {string[]}
 */
export function uncovered(machine, tier, tried) {
  const rows = rowsOf(machine, tier);
  const met = new Set(tried.flatMap((one) => [combinationOf(one), combinationOf({ ...one, remote: '' })]));
  const untried = rows
    .filter(
      (row) =>
        !met.has(
          combinationOf(isGeneral(row.file) ? { ...row, suite: general[row.suite] ?? row.suite } : row),
        ),
    )
    .map(({ suite, local, remote, model, transport }) =>
      [
        `no case of ${suite} was tried`,
        `from ${local}`,
        remote && `on ${remote}`,
        `under ${model} over ${transport}`,
      ]
        .filter(Boolean)
        .join(' '),
    );
  return [...uncoveredPairs(machine, rows), ...untried, ...casesAtTheEdge(machine, tried)];
}

/**
 * A key that tells combinations apart. Where a file has one suite under one model over one transport, these say nothing.
 *
 * @param {{ file: string, suite: string, local: string, remote?: string, model?: string, transport?: string }} combination
 */
const combinationOf = ({ file, suite, local, remote, model, transport }) =>
  JSON.stringify(
    isGeneral(file) && Object.values(general).includes(suite)
      ? [file, suite, local, model ?? 'thread', transport ?? 'popen']
      : [file, local, remote ?? ''],
  );

/**
 * Cases that met the main or the newest interpreter, and none between the oldest and the newest, where the main one may be. What was not tried on the first
 * two is about others only.
 *
 * @param {Machine} machine
 * @param {readonly Tried[]} tried
 */
function casesAtTheEdge({ main, remotes, pythons }, tried) {
  const cpythons = pythons.filter(({ runtime }) => runtime === 'cpython');
  const outer = [...ends(cpythons, ({ runtime }) => runtime)];
  const edge = new Set([...ends(remotes, ({ kind }) => kind), ...outer].map(({ name }) => name));
  return [
    { files: javascript, usual: main.name, all: remotes },
    { files: python, usual: outer.at(-1)?.name, all: pythons },
  ].flatMap(({ files, usual, all }) => {
    const between = new Set(all.map(({ name }) => name).filter((name) => !edge.has(name)));
    if (between.size === 0) return [];
    /** @type {Map<string, Set<string>>} */
    const cases = new Map();
    for (const { file, suite, title, remote } of tried) {
      if (!files.includes(file) || remote === undefined) continue;
      const key = [file, suite, title].filter(Boolean).join(': ');
      cases.set(key, (cases.get(key) ?? new Set()).add(remote));
    }
    return [...cases]
      .filter(
        ([, met]) => usual !== undefined && met.has(usual) && ![...met].some((name) => between.has(name)),
      )
      .map(([key]) => `${key}: no interpreter between was tried`);
  });
}
