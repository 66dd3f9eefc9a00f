import { pathToFileURL } from 'node:url';
import { helpersPrelude } from './helpers.ts';
import type { RemoteFunction } from './prepare.ts';

/**
 * A program whose value, under an indirect eval, is the function: helpers, strict mode and the name of its file included. Line and column
 * of every stack are those of the file where its author wrote it, if that is known.
 */
export function functionProgram(remote: RemoteFunction): string {
  const head = `(()=>{${remote.strict ? "'use strict';" : ''}${helpersPrelude(remote.text, remote.naming)}return(`;
  const indent = ' '.repeat(Math.max(0, (remote.column ?? 1) - 1));
  const opening = remote.lineOffset > 0 ? `${'\n'.repeat(remote.lineOffset - 1)}${head}\n${indent}` : head;
  return `${opening}${remote.text}\n)})()\n//# sourceURL=${sourceURL(remote)}`;
}

function sourceURL(remote: RemoteFunction): string {
  // a blank would end it
  if (remote.file === undefined) return `execnet:${/^[\w$]+$/.test(remote.name) ? remote.name : 'function'}`;
  return /\s/.test(remote.file) ? pathToFileURL(remote.file).href : remote.file;
}
