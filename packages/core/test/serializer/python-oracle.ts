import { strictEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pythons } from '../../../../tools/lib/pythons.mjs';
import { type DumpVersion, dumps } from '../../src/serializer/index.ts';

/**
 * Python's execnet answers questions, a line each, words with tabs between them:
 * `value EXPRESSION HEX`: what the expression dumps to, and whether that dump loads as it, both without the version byte;
 * `load HEX EXPRESSION OPTION…`: whether the dump loads as the expression under these options of `execnet.loads`;
 * `large SIZE`: the SHA-256 of the dump of so many bytes, 0 to 255 again and again, and whether that loads as them.
 */
const PROGRAM = `
import hashlib, struct, sys
import execnet
PY2 = sys.version_info[0] == 2
def unhex(text):
    return bytes(bytearray.fromhex(text))
def hexed(data):
    return "".join("%02x" % byte for byte in bytearray(data))
def canon(value):
    # what equals something of another type is another value here
    kind = type(value)
    if kind is float:
        # that of Python 2.7 has a sign
        return "float", struct.pack(">d", value) if value == value else "nan"
    if kind is complex:
        return "complex", canon(value.real), canon(value.imag)
    if kind in (list, tuple):
        return (kind.__name__,) + tuple([canon(item) for item in value])
    if kind in (set, frozenset):
        return (kind.__name__,) + tuple(sorted([canon(item) for item in value], key=repr))
    if kind is dict:
        entries = [(canon(key), canon(item)) for key, item in value.items()]
        return ("dict",) + tuple(sorted(entries, key=repr) if PY2 else entries)
    return kind.__name__, value
def deep(depth):
    # an expression may not have so many brackets
    value = []
    for level in range(1, depth):
        value = (value,) if level % 2 else [value]
    return value
def failing(function, *args, **options):
    try:
        return function(*args, **options)
    except BaseException as error:
        return "!" + type(error).__name__
def dumped(value):
    return hexed(execnet.dumps(value)[1:])
VERSION = execnet.dumps(None)[:1]
def same(dump, value, **options):
    return str(canon(execnet.loads(VERSION + dump, **options)) == canon(value))
def answer(kind, *words):
    if kind == "value":
        value = eval(words[0])
        return failing(dumped, value) + "\\t" + failing(same, unhex(words[1]), value)
    if kind == "load":
        return failing(same, unhex(words[0]), eval(words[1]), **dict([(name, True) for name in words[2:]]))
    if kind == "large":
        value = bytes(bytearray(range(256))) * (int(words[0]) // 256)
        dump = execnet.dumps(value)
        return hashlib.sha256(dump).hexdigest() + "\\t" + str(execnet.loads(dump) == value)
    if kind == "digits":
        sys.set_int_max_str_digits(int(words[0]))
        return ""
    if kind == "version":
        return hexed(VERSION)
# All of it first: Deno does not read the answers before it has written every line.
questions = sys.stdin.read().split("\\n")[:-1]
print("\\n".join([answer(*question.split("\\t")) for question in questions]))
`;

/** A Python with its execnet. */
export interface Oracle {
  /** The first byte of what it dumps. */
  readonly version: DumpVersion;
  /** The answers to some questions, from one process. */
  ask(questions: readonly (readonly string[])[]): string[];
}

function oracleOf(path: string, folder?: string): Oracle | undefined {
  const ask = (questions: readonly (readonly string[])[]): string[] => {
    const { stdout, stderr, status } = spawnSync(path, ['-B', '-c', PROGRAM], {
      input: `${questions.map((words) => words.join('\t')).join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 2 ** 29,
      env: { ...process.env, ...(folder === undefined ? {} : { PYTHONPATH: folder }) },
    });
    strictEqual(status, 0, stderr);
    return stdout.trimEnd().split('\n');
  };
  try {
    return { version: Number.parseInt(ask([['version']])[0] as string, 16) as DumpVersion, ask };
  } catch {
    return undefined;
  }
}

/** Where Debian's package is, which runs on Python 2.7 as well. */
const PACKAGES = '/usr/lib/python3/dist-packages';

/** Debian's Python, for which execnet is installed; undefined where it is not. */
export const python3: Oracle | undefined = oracleOf('/usr/bin/python3');

/** Python 2.7 with the same execnet; undefined where either is missing. */
export const python2: Oracle | undefined = ((path) =>
  path !== undefined && existsSync(PACKAGES) ? oracleOf(path, PACKAGES) : undefined)(
  pythons().find(({ name }) => name === 'python-2.7')?.path,
);

/** The dump in hexadecimal, without its version byte. */
export function dumpOf(value: unknown): string {
  return Buffer.from(dumps(value, { version: 2 }).subarray(1)).toString('hex');
}

/** What an oracle dumped, with the version byte that its kind has. */
export function asDump({ version }: Oracle, answer: string): Uint8Array {
  return Buffer.from(`0${version}${answer}`, 'hex');
}
