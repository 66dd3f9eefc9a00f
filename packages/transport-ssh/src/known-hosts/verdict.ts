/** Where a line stands. */
export interface Location {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * What known_hosts files say of a host's key:
 * - `known`: it is one of the host's keys;
 * - `unknown`: nothing is known of the host in `files`, which were looked in;
 * - `changed`: other keys are known, and the one at the location, of type `keyType`, is the most similar;
 * - `revoked`: the line forbids the key;
 * - `authority`: only keys signed by the line's one would be trusted, and there are no certificates here.
 */
export type Verdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown'; readonly files: readonly string[] }
  | ({ readonly kind: 'changed'; readonly keyType: string } & Location)
  | ({ readonly kind: 'revoked' } & Location)
  | ({ readonly kind: 'authority' } & Location);
