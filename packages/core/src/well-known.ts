/** The name of the method that `await using` calls. Node 20 has the symbol in its main context only; in others, where Vitest's `vmThreads` run tests for instance, compilers take this one. */
export const ASYNC_DISPOSE: symbol = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** Lets `await using` find the method that a class has defined as `[Symbol.asyncDispose]`: without that symbol its name is "undefined". */
export function asyncDisposable(prototype: AsyncDisposable): void {
  if (Symbol.asyncDispose !== undefined) return;
  Object.defineProperty(prototype, ASYNC_DISPOSE, { value: prototype[Symbol.asyncDispose] });
}

/** Has `console.log` and `util.inspect` show objects of a class by its `toString()`. */
export function shownAsText(prototype: { toString(): string }): void {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: object): string {
      // of a proxy it may be a method of what stands behind that
      return String(this);
    },
  });
}
