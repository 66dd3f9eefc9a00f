import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readQuietly } from './locate.ts';

/** Larger bundles are not read to find one line. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Whether one of the files defines `name` as what esbuild writes around functions with `keepNames`, or imports it from a file beside it that does: a bundler may
 * call it anything. Files are paths or `file:` URLs.
 */
export function isNamingHelper(name: string, files: readonly string[]): boolean {
  return files.some((file) => {
    const path = file.startsWith('file:') ? fileURLToPath(file) : file;
    const text = textOf(path);
    if (defines(text, name)) return true;
    for (const [, names = '', from = ''] of text.matchAll(IMPORT)) {
      const imported = namesIn(names).find(({ to }) => to === name);
      if (!imported) continue;
      const chunk = textOf(resolve(dirname(path), from));
      for (const [, exported = ''] of chunk.matchAll(EXPORT)) {
        const own = namesIn(exported).find(({ to }) => to === imported.from);
        if (own && defines(chunk, own.from)) return true;
      }
    }
    return false;
  });
}

/** Of one chunk of a bundle from another. */
const IMPORT = /import\s*\{([^}]*)\}\s*from\s*["'](\.[^"']+)["']/g;
const EXPORT = /export\s*\{([^}]*)\}/g;

/** `a as b, c` */
function namesIn(list: string): { from: string; to: string }[] {
  return list.split(',').map((one) => {
    const [from = '', to = from] = one.trim().split(/\s+as\s+/);
    return { from, to };
  });
}

/** `o=(t,n)=>d(t,"name",{value:n,configurable:!0})`, with blanks or without. */
function defines(text: string, name: string): boolean {
  const escaped = name.replaceAll('$', '\\$');
  return new RegExp(
    `(?<![\\w$.])${escaped}\\s*=\\s*\\(([\\w$]+),\\s*([\\w$]+)\\)\\s*=>\\s*[\\w$]+\\(\\1,\\s*"name",\\s*\\{\\s*value(?::\\s*\\2)?,\\s*configurable:\\s*(?:!0|true)\\s*\\}\\)`,
  ).test(text);
}

function textOf(path: string): string {
  try {
    return readQuietly(path, MAX_FILE_BYTES);
  } catch {
    // a folder, or a file of somebody else's
    return '';
  }
}
