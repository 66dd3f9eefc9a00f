import { readFileSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { ExecnetError } from '@execnet/core/plugin';

/** How Python finds out the encoding of a source file (PEP 263): in a comment that is one of its first two lines. */
const DECLARED = /^(?:[ \t\f]*(?:#[^\n]*)?\r?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)/;

/** The text of a module. It is decoded here: the remote end gets text, whatever the encoding of the file is. */
export function readModule(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw unreadable(file, (error as Error).message, error);
  }
  const written = DECLARED.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1] ?? 'utf-8';
  // Emacs writes the kind of line ends behind it, which Python ignores
  const declared = written.toLowerCase().replace(/^(utf-8|latin-1|iso-8859-1)-.*$/, '$1');
  // on the web this is the name of another one
  if (LATIN_1.has(declared.replaceAll('_', '-'))) return bytes.toString('latin1');
  try {
    return new TextDecoder(LABELS[declared] ?? declared, { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(
      file,
      error instanceof RangeError
        ? `its encoding, ${declared}, is not known here; save it as UTF-8`
        : `it is not ${declared}; save it as UTF-8, or declare its encoding`,
      error,
    );
  }
}

/** Names that Python has and the web has not. */
const LABELS: Readonly<Record<string, string>> = {
  utf_8: 'utf-8',
};

const LATIN_1: ReadonlySet<string> = new Set(['latin-1', 'latin1', 'iso-8859-1', 'iso8859-1', 'l1']);

function unreadable(file: string, why: string, cause: unknown): ExecnetError {
  return new ExecnetError('ERR_EXECNET_MODULE', `the module ${file} can't be read: ${why}`, { cause });
}
