// Sends items for which there is no memory, and then those for which there is; says what became of each.
import '../fixtures/scarce.cjs';

const { makeGateway } = await import('execnet');
const gateway = await makeGateway('popen');
const channel = gateway.remoteExec('for await (const item of channel) await channel.send(item.length)');
const told = [];
const memory = /** @type {{ scarce?: boolean }} */ (globalThis);
for (const item of ['x'.repeat(3_000_000), Array(500_000).fill('item'), new Uint8Array(4_000_000)]) {
  memory.scarce = true;
  const sending = channel.send(item);
  memory.scarce = false;
  told.push(await sending.then(() => 'sent').catch(({ code, cause }) => `${code}: ${cause?.message}`));
  await channel.send(item);
  told.push(await channel.receive());
}
console.log(JSON.stringify(told));
await gateway.terminate();
