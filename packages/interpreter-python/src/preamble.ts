/** What the loader is told, as a dict of Python. */
export interface Options {
  /** Written back first of all, so that whatever else was printed before can be told apart. */
  readonly token: string;
  /** Of the gateway, in UTF-8. */
  readonly id: readonly number[];
  readonly execmodel: string;
  /** Most threads that execute code. */
  readonly threads: number;
  /** Milliseconds between two pings of the local end. */
  readonly lease: number | undefined;
  /** A module that must be there. */
  readonly needs: string | undefined;
  /** `sys.version` of the Python that has made the code behind the program. */
  readonly build: string | undefined;
  /** It may tell what it has made of the program. */
  readonly learn: 1 | undefined;
}

/** The first bytes on the connection: options, program, and what such an interpreter has made of it before if that is known, each behind its length in bytes as a big-endian `uint32`. */
export function preamble(options: Options, program: string, code: Uint8Array | undefined): Uint8Array {
  return Buffer.concat([literal(options), program, ...(code ? [code] : [])].map(lengthPrefixed));
}

/** The text of a dict. Its strings are ASCII, for which JSON and every Python mean the same. */
function literal(options: Options): string {
  return JSON.stringify(options);
}

function lengthPrefixed(part: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(part as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
