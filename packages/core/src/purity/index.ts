export { loadAnalyser } from './analyser.ts';
export { callSiteFiles } from './call-site.ts';
export { helpersPrelude } from './helpers.ts';
export { type FunctionLocation, type LineMark, locateFunction } from './locate.ts';
export { type PrepareOptions, prepareFunction, type RemoteFunction } from './prepare.ts';
export { functionProgram } from './program.ts';
