export { expandSpecs } from './expand.ts';
export { CORE_FIELDS, type CoreField, type CoreFieldName, isCoreField, type Stdio } from './fields.ts';
export type { FieldValue } from './grammar.ts';
export { type CoreOptions, Spec, type SpecLike, type SpecObject, type SpecValue } from './spec.ts';
export { quoteWord, quoteWords, splitWords } from './words.ts';
