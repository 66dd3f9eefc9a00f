export { loadAnalyser } from './analyser.ts';
export { callSiteFiles } from './call-site.ts';
export { helpersPrelude } from './helpers.ts';
export type { LineMark } from './layout.ts';
export { type FunctionLocation, locateFunction } from './locate.ts';
export { parseText } from './parse.ts';
export { type PrepareOptions, prepareFunction, type RemoteFunction } from './prepare.ts';
export { functionProgram } from './program.ts';
