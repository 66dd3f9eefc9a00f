/** Classes of the web's that Node has as globals, and in modules. */
type Web = Pick<typeof globalThis, 'TextEncoder' | 'TextDecoder' | 'ReadableStream' | 'WritableStream'>;

/**
 * The global class, or that of Node's module where there is no such global: test runners whose globals are those of a browser (Jest with jsdom) leave
 * out many.
 */
export function web<Name extends keyof Web>(name: Name, module: 'node:util' | 'node:stream/web'): Web[Name] {
  return (globalThis as Partial<Web>)[name] ?? (process.getBuiltinModule(module) as unknown as Web)[name];
}
