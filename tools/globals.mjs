/**
 * Writes packages/core/src/interpreters/globals.ts: the names of the global variables of Node, Bun and Deno, asked from real interpreters.
 *
 *   node tools/globals.mjs FOLDER
 *
 * FOLDER is a `node_modules` with the interpreters: node-18, node-20, … (each with bin/node), @oven/bun-linux-x64, @deno/linux-x64-glibc. The node that
 * runs this script takes part too.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

// what a module sees: own names, then those of the prototypes (Deno's event target), without Object.prototype's
const PROBE = `
const names = [];
for (let scope = globalThis; scope && scope !== Object.prototype; scope = Object.getPrototypeOf(scope)) {
  names.push(...Object.getOwnPropertyNames(scope));
}
console.log(JSON.stringify({ names, version: globalThis.Deno?.version.deno ?? globalThis.Bun?.version ?? process.versions.node }));
`;

/** Deno has a global "name", an empty string: whoever writes a free \`name\` in a function means something else. */
const MISLEADING = new Set(['name', 'constructor']);

const folder = process.argv[2];
if (folder === undefined)
  throw new Error('usage: node tools/globals.mjs FOLDER (a node_modules with the interpreters)');
const versions = readdirSync(folder).filter((name) => /^node-\d+$/.test(name));
const programs = {
  node: [process.execPath, ...versions.map((name) => join(folder, name, 'bin/node'))],
  bun: [join(folder, '@oven/bun-linux-x64/bin/bun')],
  deno: [join(folder, '@deno/linux-x64-glibc/deno')],
};

const scratch = mkdtempSync(join(tmpdir(), 'globals-'));
/** @type {Record<string, { names: Set<string>, versions: string[] }>} */
const found = {};
try {
  const probe = join(scratch, 'probe.mjs');
  writeFileSync(probe, PROBE);
  for (const [kind, files] of Object.entries(programs)) {
    /** @type {{ names: Set<string>, versions: string[] }} */
    const own = { names: new Set(), versions: [] };
    found[kind] = own;
    for (const file of files) {
      if (!existsSync(file)) throw new Error(`${file} is missing`);
      const args = kind === 'deno' ? ['run', '--no-config', probe] : [probe];
      const answer = JSON.parse(
        execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      for (const name of answer.names)
        if (/^[A-Za-z_$][\w$]*$/.test(name) && !MISLEADING.has(name)) own.names.add(name);
      own.versions.push(answer.version);
    }
  }
} finally {
  rmSync(scratch, { recursive: true });
}

const kinds = Object.keys(found);
// every remote end defines it, on every interpreter
for (const kind of kinds) namesOf(kind).add('require');
const common = [...namesOf('node')].filter((name) => kinds.every((kind) => namesOf(kind).has(name)));

/** @param {string} kind */
function namesOf(kind) {
  return found[kind]?.names ?? new Set();
}

/** Names separated by blanks, in lines of the repository's width. @param {readonly string[]} names */
function literal(names) {
  const lines = [];
  let line = '';
  for (const name of [...names].sort((a, b) => (a < b ? -1 : 1))) {
    if (line.length + name.length > 100) {
      lines.push(line);
      line = '';
    }
    line += `${name} `;
  }
  return [...lines, line]
    .map((text, index, all) => `  '${index === all.length - 1 ? text.trimEnd() : text}'`)
    .join(' +\n');
}

const text = [
  '// Written by tools/globals.mjs from the interpreters themselves; run it again for a new version of one.',
  '',
  '/** On every interpreter: the builtins of ECMAScript, what all take from the web, and `require`, which remote ends define. */',
  `const COMMON =\n${literal(common)};`,
  '',
  ...kinds.flatMap((kind) => [
    `const ${kind.toUpperCase()} =\n${literal([...namesOf(kind)].filter((name) => !common.includes(name)))};`,
    '',
  ]),
  ...kinds.flatMap((kind) => [
    `/** Global variables of a remote end on ${kind}, ${found[kind]?.versions.join(', ')} taken together. */`,
    `export const ${kind.toUpperCase()}_GLOBALS: readonly string[] = names(${kind.toUpperCase()});`,
    '',
  ]),
  'function names(own: string): readonly string[] {',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a module
  "  return Object.freeze(`${COMMON} ${own}`.split(' '));",
  '}',
  '',
].join('\n');
writeFileSync(fileURLToPath(new URL('../packages/core/src/interpreters/globals.ts', import.meta.url)), text);
