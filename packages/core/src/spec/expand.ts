import { specError } from './grammar.ts';
import { Spec, type SpecLike } from './spec.ts';

/** More gateways than this from one multiplier are a typing error; each is a process with memory and descriptors of its own. */
const MAX_COUNT = 10_000;

/**
 * Turns specs with a multiplier into that many: `'4*popen'` is four times `popen`. Others are taken as they are, in order.
 * Throws a `SpecError` for a bad multiplier, and for one together with `id=`, since ids are unique.
 */
export function expandSpecs(specs: SpecLike | Iterable<SpecLike>): Spec[] {
  const list = typeof specs === 'string' || !isIterableOfSpecs(specs) ? [specs] : [...specs];
  return list.flatMap((spec) => {
    const multiplied = typeof spec === 'string' ? /^\s*(\d+)\*(.*)$/s.exec(spec) : null;
    if (multiplied === null) return [Spec.from(spec)];
    const count = Number(multiplied[1]);
    if (count < 1 || count > MAX_COUNT) {
      throw specError(
        String(spec),
        `has the multiplier ${multiplied[1]}: expected an integer from 1 to ${MAX_COUNT}`,
      );
    }
    const one = Spec.parse(multiplied[2] as string);
    if (count > 1 && one.has('id')) {
      throw specError(
        String(spec),
        `would give ${count} gateways the same id; leave "id" out, and ids are allocated`,
      );
    }
    return Array.from({ length: count }, () => one);
  });
}

// a Spec iterates over its fields
function isIterableOfSpecs(
  specs: Exclude<SpecLike, string> | Iterable<SpecLike>,
): specs is Iterable<SpecLike> {
  return Symbol.iterator in specs && !(Symbol.for('execnet.spec') in specs);
}
