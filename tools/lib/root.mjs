import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this repository: every tool works there, wherever it was started from. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * An absolute path inside the repository.
 *
 * @param {readonly string[]} parts
 */
export const inRoot = (...parts) => path.join(root, ...parts);
