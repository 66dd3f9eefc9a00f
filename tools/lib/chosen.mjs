/** The environment variable that narrows what the tests try, e.g. `node-22,bun,python-3.11`. */
const variable = 'EXECNET_TEST_INTERPRETERS';

/** @param {string} name */
const isPython = (name) => /^(python|pypy|jython)-/.test(name);

/**
 * What the environment chooses of the interpreters of one family; undefined where it chooses nothing, so that all are tried.
 *
 * @param {'javascript' | 'python'} family
 * @returns {string[] | undefined} their names
 */
export function chosenNames(family) {
  const wanted = process.env[variable];
  if (!wanted) return undefined;
  return wanted
    .split(',')
    .map((name) => name.trim())
    .filter((name) => isPython(name) === (family === 'python'));
}

/**
 * Those with the chosen names.
 *
 * @template {{ name: string }} T
 * @param {readonly T[]} found
 * @param {readonly string[]} chosen
 * @returns {T[]}
 * @throws {Error} if a name is none of theirs
 */
export function narrowed(found, chosen) {
  const names = found.map(({ name }) => name);
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`${variable} names ${unknown.join(', ')}; found are ${names.join(', ')}`);
  return found.filter(({ name }) => chosen.includes(name));
}
