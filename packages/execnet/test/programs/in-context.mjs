// in-context.mjs FILE: runs a script in a context of its own with what runners of tests put into it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import vm from 'node:vm';

const [, , file = ''] = process.argv;
const given = `
  AbortController AbortSignal Buffer Event EventTarget MessageChannel TextDecoder TextEncoder URL clearInterval clearTimeout console performance process queueMicrotask setImmediate
  setInterval setTimeout structuredClone
`;
const context = vm.createContext({
  ...Object.fromEntries(
    given
      .trim()
      .split(/\s+/)
      .map((name) => [name, Reflect.get(globalThis, name)]),
  ),
  require: createRequire(file),
  module: { exports: {} },
});
vm.runInContext(readFileSync(file, 'utf8'), context, { filename: file });
