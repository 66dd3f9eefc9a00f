/**
 * Everything of execnet under one import: core, with all transports, interpreters and execution models registered.
 *
 * ```ts
 * import { makeGateway } from 'execnet';
 *
 * const gateway = await makeGateway('popen');
 * const channel = gateway.remoteExec(async (channel) => {
 *   for await (const item of channel) await channel.send(`${item}, seen by ${process.pid}`);
 * });
 * await channel.send('a value');
 * console.log(await channel.receive());
 * ```
 *
 * @packageDocumentation
 */
import '@execnet/execmodel-structured/register';
import '@execnet/execmodel-thread/register';
import '@execnet/execmodel-worker/register';
import '@execnet/interpreter-python/register';
import '@execnet/transport-popen/register';
import '@execnet/transport-ssh/register';

export * from '@execnet/core';
export { type Effection, structured } from '@execnet/execmodel-structured';
export { mainThreadOnly, thread } from '@execnet/execmodel-thread';
export { worker } from '@execnet/execmodel-worker';
export { python, pythonExecmodels } from '@execnet/interpreter-python';
export { popen } from '@execnet/transport-popen';
export { type Login, type Prompt, type SshOptions, ssh } from '@execnet/transport-ssh';
