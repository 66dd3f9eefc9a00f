import type { WaitOptions } from '../channel/index.ts';
import type { Gateway } from '../gateway/index.ts';
import type { SpecLike } from '../spec/index.ts';
import { Group } from './group.ts';

/** The group of `makeGateway`; its gateways are taken down when the program ends. */
export const defaultGroup: Group = new Group();

/** Makes a gateway in the default group, `popen` without a spec. See {@link Group.makeGateway}. */
export function makeGateway(spec?: SpecLike, options?: WaitOptions): Promise<Gateway> {
  return defaultGroup.makeGateway(spec, options);
}

/** {@link Group.setExecmodel} of the default group. */
export function setExecmodel(local: string, remote?: string): void {
  defaultGroup.setExecmodel(local, remote);
}
