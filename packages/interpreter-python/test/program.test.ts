import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pythons } from '../../../tools/lib/pythons.mjs';
import { LOADER, RELAY, REMOTE_END } from '../src/generated/programs.ts';

const source = new URL('../src/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, source), 'utf8');

/** The statements of the first text are those of the others, in any order, but for docstrings. */
const SAME = `
import ast, sys

def statements(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for statement in getattr(node, 'body', []) if isinstance(getattr(node, 'body', None), list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str):
                statement.value = ast.Constant(0)
    return [ast.dump(node) for node in tree.body]

one, *others = sys.stdin.read().split('\\0')
sys.exit(sorted(statements(one)) != sorted(sum(map(statements, others), [])))
`;

for (const [name, program, texts] of [
  ['loader', LOADER, () => [read('loader.py')]],
  [
    'remote end',
    REMOTE_END,
    () => readdirSync(new URL('remote/end/', source)).map((file) => read(`remote/end/${file}`)),
  ],
  ['relay', RELAY, () => [read('remote/relay.py')]],
] as const) {
  const python = pythons().find(({ runtime, version }) => runtime === 'cpython' && version !== '2.7');
  const run = python ? test : test.skip;
  run(`the program of the ${name} is its source without comments and docstrings, whole`, () => {
    const input = [program, ...texts()].join('\0');
    const { status, stderr } = spawnSync(python?.path ?? '', ['-c', SAME], { input });
    assert.is(status, 0, String(stderr));
    assert.not(/^\s*#|^$/m.test(program.trimEnd()));
    assert.not(/"""/.test(program));
  });
}

test.run();
