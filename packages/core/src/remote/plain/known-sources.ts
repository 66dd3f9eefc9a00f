import { builtin } from '../runtime.ts';

/** `info`: what `gw._rinfo()` runs. `configure`: what `makegateway` runs for `chdir=`, `nice=` and `env:`. */
export type Known = 'info' | 'configure';

interface Digest {
  readonly known: Known;
  /** Of the text in UTF-16 units: looked at first, because most programs need not be hashed then, nor anything be loaded for that. */
  readonly length: number;
  readonly sha256: string;
}

/**
 * execnet sends these as Python source. They are recognised by the digest of their text, see {@link settled}, and done in JavaScript. The texts of
 * releases that are not named did not change; `execnet-spec.test.ts` has the installed release send its own.
 */
const DIGESTS: readonly Digest[] = [
  // 1.9.0
  {
    known: 'info',
    length: 283,
    sha256: '052b834936ba65d9a46893ad5761dda92b6827186670cdd3ec0c93b542054488',
  },
  // 2.0.0
  {
    known: 'info',
    length: 283,
    sha256: '39e8a4f05147b167e1691cc11fe5d1f1e2b3c4eb566048bf590b51d1ad3d7d2d',
  },
  // 2.1.0 to 2.1.2
  {
    known: 'info',
    length: 291,
    sha256: '4b898a1b5863beb89130e2e7b2567c4d33c4792b635e9b02d2127cfa26b3b78e',
  },
  // 1.0.8 to 2.1.2
  {
    known: 'configure',
    length: 257,
    sha256: 'ff3ed33c85aea234e4367ad4b520eb91a1748f912540a479119fc32dd5e3a320',
  },
];

/** What a source asks for, if it is one that execnet itself sends. */
export function knownSource(source: string): Known | undefined {
  const text = settled(source);
  const candidates = DIGESTS.filter(({ length }) => length === text.length);
  if (candidates.length === 0) return undefined;
  const sha256 = builtin('node:crypto').createHash('sha256').update(text).digest('hex');
  return candidates.find((one) => one.sha256 === sha256)?.known;
}

/**
 * The text without what depends on where it stood: execnet puts as many empty lines before a function as its file has, and how deep a text is indented
 * is a matter of the Python that has read it.
 */
function settled(source: string): string {
  const lines = source.split('\n').map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== '');
  if (first < 0) return '';
  const last = lines.findLastIndex((line) => line !== '');
  const written = lines.slice(first, last + 1);
  const indent = Math.min(
    ...written.filter((line) => line !== '').map((line) => line.length - line.trimStart().length),
  );
  return written.map((line) => line.slice(indent)).join('\n');
}
