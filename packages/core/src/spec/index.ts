export { expandSpecs } from './expand.ts';
export { isCoreField } from './fields.ts';
export { Spec, type SpecLike, type SpecObject } from './spec.ts';
export { quoteWord, quoteWords, splitWords } from './words.ts';
