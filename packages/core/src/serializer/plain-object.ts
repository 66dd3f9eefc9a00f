const { getPrototypeOf, prototype: objectPrototype } = Object;

/** Whether objects with this prototype are plain: made by `{}` in this realm or another (a `vm` context), or without a prototype. */
export function isPlainPrototype(prototype: object | null): boolean {
  if (prototype === null || prototype === objectPrototype) return true;
  if (getPrototypeOf(prototype) !== null || !Object.hasOwn(prototype, 'constructor')) return false;
  const maker: unknown = prototype.constructor;
  return typeof maker === 'function' && maker.name === 'Object' && maker.prototype === prototype;
}
