export { defaultGroup, makeGateway, setExecmodel } from './default-group.ts';
export { Group, type GroupOptions, type MakeGatewaysOptions } from './group.ts';
export { type FromChannel, MultiChannel, type ReceiveQueue } from './multi-channel.ts';
