import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The files that a path with `*`, `?` and `[…]` names, in the order of their bytes, as glob(7) has it: no wildcard stands for a slash or for
 * a dot at the front of a name. None if nothing is there.
 */
export async function findFiles(pattern: string): Promise<readonly string[]> {
  let paths = ['/'];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    const found = await Promise.all(paths.map((path) => step(path, segment)));
    paths = found.flat();
  }
  return paths.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

async function step(folder: string, segment: string): Promise<readonly string[]> {
  if (!/[*?[]/.test(segment)) {
    const path = join(folder, segment.replaceAll(/\\([\s\S])/g, '$1'));
    return (await exists(path)) ? [path] : [];
  }
  const expression = segmentExpression(segment);
  const entries = await namesIn(folder);
  return entries.filter(({ name }) => expression.test(name)).map(({ name }) => join(folder, name));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function namesIn(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    // a folder that isn't there, or may not be listed, matches nothing: so does glob(3)
    return [];
  }
}

/** One segment as an expression. Adjacent stars are one, or a hostile pattern could take for ever. */
function segmentExpression(segment: string): RegExp {
  let source = /^[*?[]/.test(segment) ? '(?!\\.)' : '';
  for (const [part, escaped, list] of segment.matchAll(/\\([\s\S])|\[([!^]?\]?[^\]]*)\]|\*+|[\s\S]/g)) {
    if (part.startsWith('*')) source += '[^/]*';
    else if (part === '?') source += '[^/]';
    else if (list) source += `[${list.replace(/^!/, '^').replaceAll(/[\\[\]&~]/g, '\\$&')}]`;
    else source += (escaped ?? part).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // a list such as [z-a] stands for no character
    return /(?!)/;
  }
}
