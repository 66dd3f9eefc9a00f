/** Evaluates a program of an execution model and returns what it exports by this name; the program comes from the local end, as all code here does. */
export function evaluateModel<T>(text: string, name: string): T {
  const exported: Record<string, T | undefined> = {};
  // oxlint-disable-next-line no-implied-eval
  new Function('exports', text)(exported);
  const value = exported[name];
  if (!value) throw new TypeError(`the program of the execution model exports no ${name}`);
  return value;
}
