import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const CODE = /\bERR_EXECNET_[A-Z0-9]+(?:_[A-Z0-9]+)*\b/g;

/** The codes in the sources of a package; its generated files repeat what the others say. */
function codesOf(folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.ts') && !name.startsWith('generated') && !name.endsWith('/error-code.ts'),
    )
    .flatMap((name) => readFileSync(`${root}${folder}/${name}`, 'utf8').match(CODE) ?? []);
}

const thrown = new Set(
  // the suites of conformance expect codes, and throw none
  readdirSync(`${root}packages`)
    .filter((name) => name !== 'conformance')
    .flatMap((name) => codesOf(`packages/${name}/src`)),
);
const rows = readFileSync(`${root}docs/errors.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `ERR_'));
const documented = rows.map((row) => (row.match(CODE) ?? [])[0] as string);

test('every code in the sources is in docs/errors.md', () => {
  assert.ok(thrown.size > 20);
  assert.equal(
    [...thrown].filter((code) => !documented.includes(code)),
    [],
  );
});

test('every code in docs/errors.md is in the sources', () => {
  assert.equal(
    documented.filter((code) => !thrown.has(code)),
    [],
  );
});

test('the type of codes names them all, and no other', () => {
  const type = readFileSync(`${root}packages/core/src/errors/error-code.ts`, 'utf8').match(CODE) ?? [];
  assert.equal([...type].sort(), [...documented].sort());
});

test('docs/errors.md has each code once, with a meaning and what to do', () => {
  assert.is(new Set(documented).size, documented.length);
  for (const row of rows) {
    const cells = row.split(/(?<!\\)\|/).slice(1, -1);
    assert.ok(
      cells.every((cell) => cell.trim() !== ''),
      row,
    );
  }
});

test.run();
