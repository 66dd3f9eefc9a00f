import fs from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */

/** @param {string} file @returns {any} */
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** @param {Record<string, string> | undefined} record */
const listed = (record) =>
  Object.entries(record ?? {})
    .map(([key, value]) => `${key}@${value}`)
    .sort()
    .join();

/**
 * Whether a manifest asks for what the lock file says that it asks for.
 *
 * @param {LockEntry} locked @param {LockEntry} manifest
 */
const agree = (locked, manifest) =>
  listed(locked.dependencies) === listed(manifest.dependencies) &&
  listed(locked.devDependencies) === listed(manifest.devDependencies) &&
  listed(locked.optionalDependencies) === listed(manifest.optionalDependencies);

/**
 * Whether `node_modules` in `folder` holds what `package-lock.json` names, and the manifests still agree with the
 * lock file. Compares npm's own record of what it installed (`node_modules/.package-lock.json`), so it does not matter
 * who installed it. Optional packages may be missing: they are for other platforms.
 *
 * @param {string} folder
 */
export function isInstalled(folder) {
  const record = path.join(folder, 'node_modules', '.package-lock.json');
  if (!fs.existsSync(record)) return false;
  /** @type {Record<string, LockEntry>} */
  const wanted = readJson(path.join(folder, 'package-lock.json')).packages;
  /** @type {Record<string, LockEntry>} */
  const present = readJson(record).packages;
  return Object.entries(wanted).every(([where, entry]) => {
    if (!where.includes('node_modules/')) {
      const manifest = path.join(folder, where, 'package.json');
      return fs.existsSync(manifest) && agree(entry, readJson(manifest));
    }
    const here = present[where];
    if (here === undefined) return entry.optional === true || entry.devOptional === true;
    if (entry.link) return fs.existsSync(path.join(folder, where));
    return here.version === entry.version && here.integrity === entry.integrity;
  });
}
