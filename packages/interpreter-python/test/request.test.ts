import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Tuple } from '@execnet/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { request } from '../src/request.ts';

const folder = mkdtempSync(join(tmpdir(), 'python modules '));
test.after(() => rmSync(folder, { recursive: true }));

/** A module file; its URL, and its path. */
function written(name: string, content: string | Uint8Array): { url: URL; file: string } {
  const file = join(folder, name);
  writeFileSync(file, content);
  return { url: pathToFileURL(file), file };
}

const job = written('job.py', 'def work(channel, n): ...\n');
const named = (name: string): URL => new URL(`#${name}`, job.url);

test('source text is run without the indentation of the program that it stands in', () => {
  assert.equal(
    request({ kind: 'function', source: '\n    a()\n    if b:\n        c()\n', args: new Set([1]) }),
    { kind: 'source', text: '\na()\nif b:\n    c()\n', file: null, function: null, args: new Set([1]) },
  );
});

test('a module is run, and its function is called if one is named', () => {
  const text = 'def work(channel, n): ...\n';
  const base = { text, file: job.file };
  assert.equal(request({ kind: 'function', source: job.url, args: 3 }), {
    ...base,
    kind: 'source',
    function: null,
    args: 3,
  });
  assert.equal(request({ kind: 'function', source: named('work'), args: { n: 3 } }), {
    ...base,
    kind: 'source',
    function: 'work',
    args: { n: 3 },
  });
  assert.equal(request({ kind: 'call', source: named('wörk_2'), args: [3] }), {
    ...base,
    kind: 'call',
    function: 'wörk_2',
    args: [3],
  });
});

test('a function is called by its name', () => {
  for (const name of ['len', 'os.path.join', '_a.b1', 'ключ.μ']) {
    const expected = { kind: 'call', text: null, file: null, function: name, args: undefined };
    assert.equal(request({ kind: 'call', source: name, args: undefined }), expected);
  }
});

test('functions take keyword arguments, positional ones, or none', () => {
  for (const args of [
    undefined,
    null,
    {},
    Object.create(null),
    { a: 1 },
    new Map([['a', 1]]),
    [],
    [1],
    new Tuple(1),
  ])
    assert.is(request({ kind: 'call', source: 'f', args }).args, args);
  for (const [args, found] of [
    [1, 'number'],
    ['text', 'string'],
    [new Set(), 'an instance of Set'],
    [new Uint8Array(1), 'an instance of Uint8Array'],
    [new Map([[1, 1]]), 'a Map with keys that are no strings'],
    [() => {}, 'function'],
  ] as const) {
    assert.throws(
      () => request({ kind: 'function', source: named('work'), args }),
      (error: Error) =>
        error.name === 'TypeError' &&
        error.message.startsWith(`the arguments of ${job.file}#work are an array`) &&
        error.message.includes(`not ${found};`),
    );
  }
});

for (const [title, kind, source, message] of [
  ['a JavaScript function for remoteExec', 'function', () => {}, /can't run in Python: give source text/],
  ['a JavaScript function for call', 'call', () => {}, /can't run in Python: give the name of a function/],
  [
    'a JavaScript module',
    'function',
    new URL('file:///a/job.mjs'),
    /job\.mjs is JavaScript.*give a \.py file/,
  ],
  ['a TypeScript module', 'call', new URL('file:///a/job.ts#work'), /job\.ts is JavaScript/],
  ['source text for call', 'call', 'print(1)', /call takes the name.*not "print\(1\)".*remoteExec/],
  ['a module for call', 'call', job.url, /name the one in .*job\.py behind a #/],
  ['a name with a dot in a module', 'call', named('a.b'), /"a\.b", behind the #/],
  ['a name that is not encoded', 'call', new URL('file:///a/job.py#%E0'), /behind the # of .*%E0 is no name/],
  ['another kind of URL', 'function', new URL('https://example.org/job.py'), /a file: URL, not https:/],
  ['nothing', 'function', null as unknown as string, /not null/],
] as const) {
  test(`${title} is a TypeError that says what to give`, () => {
    assert.throws(
      () => request({ kind, source, args: undefined }),
      (error: Error) => error.name === 'TypeError' && message.test(error.message),
    );
  });
}

test('a module is decoded as it declares', () => {
  const text = (name: string, content: string | Uint8Array): unknown =>
    request({ kind: 'function', source: written(name, content).url, args: undefined }).text;
  assert.is(text('utf8.py', 'a = "ü"\n'), 'a = "ü"\n');
  assert.is(text('bom.py', '\ufeffa = "ü"\n'), 'a = "ü"\n');
  const latin = '#!/usr/bin/python\n# -*- coding: latin-1 -*-\na = "ü"\n';
  assert.is(text('latin.py', Buffer.from(latin, 'latin1')), latin);
  // only the first two lines count
  const late = 'a = 1\n\n# coding: latin-1\nb = "ü"\n';
  assert.is(text('late.py', late), late);
  for (const [name, content, why] of [
    ['bad.py', Buffer.from('a = "\xfc"\n', 'latin1'), /it is not utf-8; save it as UTF-8/],
    ['odd.py', '# coding=rot13\n', /its encoding, rot13, is not known here/],
  ] as const) {
    assert.throws(
      () => text(name, content),
      (error: Error & { code?: string }) => error.code === 'ERR_EXECNET_MODULE' && why.test(error.message),
    );
  }
  assert.throws(
    () => request({ kind: 'function', source: new URL('missing.py', job.url), args: undefined }),
    /missing\.py can't be read: ENOENT/,
  );
});

test.run();
