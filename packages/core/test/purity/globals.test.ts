import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUN_GLOBALS, DENO_GLOBALS, NODE_GLOBALS } from '../../src/interpreters/globals.ts';
import { runningInterpreter } from '../../src/registry/index.ts';

const lists = { node: NODE_GLOBALS, bun: BUN_GLOBALS, deno: DENO_GLOBALS };

// what the test runner and the loaders add, and Deno's "name", which is left out on purpose
const ADDED = new Set(['UVU_DEFER', 'UVU_QUEUE', 'UVU_INDEX', 'name']);

test('the list of the running interpreter has all of its globals', () => {
  const known = new Set(lists[runningInterpreter()]);
  const missing = Object.getOwnPropertyNames(globalThis).filter(
    (name) => !known.has(name) && !ADDED.has(name),
  );
  assert.equal(
    missing.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && !name.startsWith('__')),
    [],
  );
});

test('every list has require and the builtins of the language, each name once', () => {
  for (const list of Object.values(lists)) {
    for (const name of [
      'require',
      'Array',
      'Promise',
      'URL',
      'process',
      'undefined',
      'globalThis',
      'setTimeout',
    ]) {
      assert.ok(list.includes(name), name);
    }
    assert.is(new Set(list).size, list.length);
    assert.ok(list.every((name) => /^[A-Za-z_$][\w$]*$/.test(name)));
  }
  assert.ok(BUN_GLOBALS.includes('Bun') && DENO_GLOBALS.includes('Deno') && !NODE_GLOBALS.includes('Bun'));
});

test.run();
