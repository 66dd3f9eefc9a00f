/**
 * The cases of a suite that a combination of interpreters tries. A suite that is tried whole on one combination is dealt out over others: each of those
 * tries one part, and together they try every case once.
 *
 * @typedef {object} Part
 * @property {number} index from 0
 * @property {number} of how many parts there are
 */

/** All cases. @type {Part} */
export const whole = Object.freeze({ index: 0, of: 1 });

/**
 * A number that depends on the text alone (FNV-1a, 32 bits): a new case changes the part of no other.
 *
 * @param {string} text
 */
function hash(text) {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return sum;
}

/**
 * Whether a part has the case with that title.
 *
 * @param {Part} part
 * @param {string} title without the name of an interpreter
 */
export const holds = ({ index, of }, title) => hash(title) % of === index;

/**
 * Deals the values out: part 0 of as many to the first, and so on.
 *
 * @template T
 * @param {readonly T[]} values
 * @returns {{ value: T, part: Part }[]}
 */
export const dealt = (values) =>
  values.map((value, index) => ({ value, part: { index, of: values.length } }));

/**
 * The values of a part, at least one, where one case tries values one after the other.
 *
 * @template T
 * @param {readonly T[]} values
 * @param {Part} part
 */
export const dealtOf = (values, { index, of }) => {
  const parts = Math.min(of, values.length);
  return values.filter((_, n) => n % parts === index % parts);
};
