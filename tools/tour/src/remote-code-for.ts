import type { Gateway } from 'execnet';
import type { RemoteCode } from './remote-code.ts';
import { javascript } from './remote-javascript.ts';
import { python } from './remote-python.ts';

const PYTHONS = ['cpython', 'pypy', 'jython'];

/** The code for what the gateway runs on. */
export function remoteCodeFor({ peer }: Gateway): RemoteCode {
  return PYTHONS.includes(peer.runtime) ? python : javascript;
}
