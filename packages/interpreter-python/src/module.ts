import { readFileSync } from 'node:fs';
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
  const declared = DECLARED.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1]?.toLowerCase() ?? 'utf-8';
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
  'utf-8-sig': 'utf-8',
  'latin-1': 'latin1',
  latin_1: 'latin1',
};

function unreadable(file: string, why: string, cause: unknown): ExecnetError {
  return new ExecnetError('ERR_EXECNET_MODULE', `the module ${file} can't be read: ${why}`, { cause });
}
