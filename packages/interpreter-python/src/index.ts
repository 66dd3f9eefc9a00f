/**
 * Remote ends in Python: CPython 2.7 and 3.6 or newer, PyPy, Jython, with nothing installed there.
 *
 * ```ts
 * import { Group, Registry } from '@execnet/core';
 * import { python, pythonExecmodels } from '@execnet/interpreter-python';
 * import { popen } from '@execnet/transport-popen';
 *
 * await using group = new Group({ registry: new Registry([popen(), python(), ...pythonExecmodels()]) });
 * const gateway = await group.makeGateway('popen//python');
 * const channel = gateway.remoteExec(`
 *   for item in channel:
 *       channel.send(item ** 2)
 * `);
 * await channel.send(12);
 * console.log(await channel.receive()); // → 144
 * console.log(await gateway.call('math.factorial', [20])); // → 2432902008176640000n
 * ```
 *
 * @packageDocumentation
 */
export { pythonExecmodels } from './models.ts';
export { python } from './python.ts';
