import fs from 'node:fs';
import path from 'node:path';
import { chance } from './chance.mjs';
import { inRoot } from './root.mjs';

/**
 * @typedef {object} Mutant the product with one change
 * @property {string} layer
 * @property {string} file relative to the repository
 * @property {number} line from 1
 * @property {string} before the line as it is
 * @property {string} after the line as it becomes
 * @property {string} text all of the changed file
 *
 * @typedef {object} Layer
 * @property {readonly string[]} sources files, or folders, of it
 * @property {readonly string[]} suites parts of the paths of the test files that are about it
 */

/** The parts of the product that mutants are spread over. @type {Readonly<Record<string, Layer>>} */
export const layers = {
  wire: { sources: ['packages/core/src/wire'], suites: ['core/test/wire', 'hostile'] },
  window: {
    sources: ['packages/core/src/channel/receive-window.ts'],
    suites: ['core/test/channel', 'flow-control'],
  },
  sender: { sources: ['packages/core/src/channel/sender.ts'], suites: ['core/test/channel', 'flow-control'] },
  receiver: {
    sources: ['packages/core/src/remote/receiver.ts'],
    suites: ['core/test/remote', 'lifetime', 'crash', 'threads'],
  },
  router: {
    sources: ['packages/core/src/remote/router.ts'],
    suites: ['core/test/remote', 'nested', 'hostile'],
  },
  relay: {
    sources: ['packages/core/src/relay', 'packages/core/src/gateway/relayed-connection.ts'],
    suites: ['execnet/test/via', 'transport-via'],
  },
  python: {
    sources: ['packages/interpreter-python/src/remote/end', 'packages/interpreter-python/src/loader.py'],
    suites: ['python'],
  },
  ssh: { sources: ['packages/transport-ssh/src'], suites: ['ssh'] },
  lease: { sources: ['packages/core/src/link/lease.ts'], suites: ['lease', 'network-cut'] },
  terminate: {
    sources: ['packages/core/src/gateway/gateway.ts', 'packages/core/src/host/process-group.ts'],
    suites: ['lifetime', 'terminat', 'exit', 'group'],
  },
  serializer: { sources: ['packages/core/src/serializer'], suites: ['core/test/serializer', 'values'] },
};

/** Small changes of the kind that a slip of the hand makes. @type {readonly (readonly [from: RegExp, to: string])[]} */
const slips = [
  [/ === /g, ' !== '],
  [/ !== /g, ' === '],
  [/ == /g, ' != '],
  [/ != /g, ' == '],
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ >= /g, ' > '],
  [/ \+ /g, ' - '],
  [/ - /g, ' + '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ and /g, ' or '],
  [/ or /g, ' and '],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/\bTrue\b/g, 'False'],
  [/\bFalse\b/g, 'True'],
  [/\b1\b/g, '2'],
  [/\b0\b/g, '1'],
  // a call for its effect
  [/^(\s+)(?:(?:this|self)\.)?[#\w.?]+\([^()]*\);?$/g, '$1pass'],
];

/** Comments and strings have nothing to change; what stands for them has as many characters. @param {string} text @param {boolean} isPython */
function code(text, isPython) {
  const foreign = isPython
    ? /"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|#[^\n]*/g
    : /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return text.replace(foreign, (found) => found.replace(/[^\n]/g, '\0'));
}

/** @param {string} source @returns {string[]} */
function filesOf(source) {
  if (fs.statSync(inRoot(source)).isFile()) return [source];
  return fs
    .readdirSync(inRoot(source), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|py)$/.test(name))
    .sort()
    .map((name) => path.join(source, name));
}

/** Every change of a layer that can be made. @param {string} layer @returns {Mutant[]} */
function mutantsOf(layer) {
  return (layers[layer]?.sources ?? []).flatMap(filesOf).flatMap((file) => {
    const text = fs.readFileSync(inRoot(file), 'utf8');
    const isPython = file.endsWith('.py');
    const lines = text.split('\n');
    return code(text, isPython)
      .split('\n')
      .flatMap((masked, index) => {
        // what is imported, and types, do nothing
        if (/^\s*(import|export \{|from|interface|type)\b/.test(masked)) return [];
        const before = lines[index] ?? '';
        return slips.flatMap(([from, to]) =>
          [...masked.matchAll(from)].map((found) => {
            const replaced = to.replace('$1', found[1] ?? '').replace('pass', isPython ? 'pass' : ';');
            const end = found.index + found[0].length;
            const after = before.slice(0, found.index) + replaced + before.slice(end);
            return { layer, file, line: index + 1, before, after, text: lines.with(index, after).join('\n') };
          }),
        );
      });
  });
}

/**
 * Mutants without end, spread evenly over the layers, each once; the same for the same seed.
 *
 * @param {number} seed
 * @param {readonly string[]} names of layers
 * @returns {Generator<Mutant, void>}
 */
export function* mutants(seed, names) {
  const random = chance(seed);
  const left = names.map(mutantsOf);
  while (left.some((some) => some.length > 0)) {
    for (const some of left) {
      const [chosen] = some.splice(Math.floor(random() * some.length), 1);
      if (chosen) yield chosen;
    }
  }
}
