import * as effection from 'effection';
import { each } from '../each.ts';

type Require = (name: string) => unknown;

/** Makes `require('effection')` work in remote code, where nothing is installed; `each` takes channels there too. */
export function offerEffection(): void {
  const found = Object.getOwnPropertyDescriptor(globalThis, 'require');
  // on Deno it is made when it is first used, which takes its time
  const require = (): Require => (found?.get ? found.get.call(globalThis) : found?.value);
  const offered = { ...effection, each };
  Object.defineProperty(globalThis, 'require', {
    configurable: true,
    writable: true,
    value: new Proxy<Require>(() => undefined, {
      apply: (_, self, args: [string]) =>
        args[0] === 'effection' ? offered : Reflect.apply(require(), self, args),
      get: (_, key) => Reflect.get(require(), key) as unknown,
    }),
  });
}
