import type { RemoteCode } from './remote-code.ts';

/** A function of the module that the tour runs in Python. */
const named = (name: string): URL => new URL(`./remote.py#${name}`, import.meta.url);

export const python: RemoteCode = {
  product: (gateway) => gateway.call<number>(named('product'), { a: 6, b: 7 }),
  echo: (gateway) => gateway.remoteExec<number, number>(named('echo')),
  items: (gateway, given) => gateway.remoteExec<Uint8Array>(named('items'), { ...given }),
  fail: (gateway) => gateway.call(named('load_settings'), { file: 'settings.json' }),
  startChild: (gateway) => gateway.call<number>(named('start_child')),
};
