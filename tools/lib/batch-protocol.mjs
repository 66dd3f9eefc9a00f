import { marked } from './leftovers.mjs';

/** Begins a line that no test prints. */
const mark = '::execnet-test ';

/** The lines between which the output of a file stands. @param {number} index */
export const beginOf = (index) => `\n${mark}begin ${index}\n`;

/** @param {number} index */
export const endOf = (index) => `\n${mark}end ${index}\n`;

/**
 * Reads a line of the output: undefined if it does not say that a file begins or has ended.
 *
 * @param {string} line
 * @returns {{ what: 'begin' | 'end', index: number } | undefined}
 */
export function readMark(line) {
  const [, what, index] =
    /^(begin|end) (\d+)$/.exec(line.startsWith(mark) ? line.slice(mark.length) : '') ?? [];
  return what === 'begin' || what === 'end' ? { what, index: Number(index) } : undefined;
}

/**
 * The environment of a test file and of the processes that it starts.
 *
 * @param {string} file
 * @param {string} folder for its temporary files
 */
export const environmentOf = (file, folder) => ({
  ...marked(folder),
  TMPDIR: folder,
  EXECNET_TEST_FILE: file,
});
