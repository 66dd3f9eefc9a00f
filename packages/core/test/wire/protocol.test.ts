import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { INITIAL_WINDOW } from '../../src/channel/index.ts';
import { PROTOCOL_VERSION } from '../../src/protocol/index.ts';
import { SLOTS } from '../../src/remote/slots.ts';
import { Opcode } from '../../src/serializer/execnet-opcodes.ts';
import { ERRORS, Tag, TYPED_ARRAYS } from '../../src/serializer/msgpack-tags.ts';
import { Code, FRAGMENT_SIZE, HEADER_SIZE, MAX_CODE, MAX_FRAME } from '../../src/wire/index.ts';

const text = readFileSync(fileURLToPath(new URL('../../../../docs/protocol.md', import.meta.url)), 'utf8');

/** The first two cells of each row of the table that begins with this title. */
function rowsOf(title: string): [string, string][] {
  const lines = text.slice(text.indexOf(`\n| ${title} |`) + 1).split('\n');
  const table = lines.slice(2, lines.indexOf(''));
  return table.map((line) => {
    const [, first = '', second = ''] = line.split('|').map((cell) => cell.trim());
    return [first, second];
  });
}

const numbered = (names: Record<string, number>): [string, string][] =>
  Object.entries(names).map(([name, number]) => [String(number), name]);

test('docs/protocol.md has every code with its number', () => {
  assert.equal(rowsOf('code'), numbered(Code));
  assert.ok(text.includes(`if the code is above ${MAX_CODE}`));
});

test('docs/protocol.md has the numbers of the code', () => {
  assert.equal(Object.fromEntries(rowsOf('name')), {
    'protocol version': String(PROTOCOL_VERSION),
    header: String(HEADER_SIZE),
    'largest payload': String(MAX_FRAME),
    'largest data payload': String(FRAGMENT_SIZE),
    'initial window': String(INITIAL_WINDOW),
    'thread slots': String(SLOTS),
  });
});

test('docs/protocol.md has every tag with its number', () => {
  assert.equal(rowsOf('tag'), numbered(Tag));
});

test('docs/protocol.md has every opcode of execnet with its byte', () => {
  assert.equal(
    rowsOf('opcode'),
    Object.entries(Opcode).map(([name, byte]) => [name, `\`${String.fromCharCode(byte)}\``]),
  );
});

test('docs/protocol.md has the classes in their order', () => {
  const classes = (title: string): string[] => {
    const from = text.indexOf(title);
    const list = text.slice(text.indexOf(':', from) + 1, text.indexOf('.', from));
    return list.split(',').map((name) => name.trim());
  };
  assert.equal(classes('Classes of errors, from 0'), [...ERRORS]);
  assert.equal(classes('Classes of typed arrays, from 0'), [...TYPED_ARRAYS]);
});

test.run();
