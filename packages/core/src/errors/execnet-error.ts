import type { ErrorCode } from './error-code.ts';
import { withoutFrames } from './stack.ts';

/** What every error of this project accepts besides its message. */
export interface ExecnetErrorOptions {
  cause?: unknown;
}

/**
 * The root of every error that this project throws on purpose.
 *
 * `code` is stable across releases and listed in `docs/errors.md`; the message is for people and may change.
 * Discriminate by `code`, not by `instanceof`: two copies of the package may be loaded in one program.
 */
export class ExecnetError extends Error {
  override readonly name: string = 'ExecnetError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: ExecnetErrorOptions = {}) {
    const framed = withoutFrames(new.target);
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    framed?.(this);
    this.code = code;
  }
}

/** Tells whether `error` belongs to this family and carries `code`; works across copies of the package. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
