// Sends items for which there is no memory, and then those for which there is; says what became of each.
let scarce = false;
/** @param {unknown} size */
const check = (size) => {
  if (scarce && Number(size) > 1_000_000) throw new RangeError('Array buffer allocation failed');
};
const { Buffer } = globalThis;
for (const name of /** @type {const} */ (['alloc', 'allocUnsafe', 'allocUnsafeSlow'])) {
  const own = Buffer[name];
  Buffer[name] = (/** @type {number} */ size, /** @type {any[]} */ ...rest) => {
    check(size);
    return own.call(Buffer, size, ...rest);
  };
}
const Own = Uint8Array;
globalThis.Uint8Array = new Proxy(Own, {
  construct(target, args, newTarget) {
    check(typeof args[0] === 'number' ? args[0] : 0);
    return Reflect.construct(target, args, newTarget === globalThis.Uint8Array ? target : newTarget);
  },
});

const { makeGateway } = await import('execnet');
const gateway = await makeGateway('popen');
const channel = gateway.remoteExec('for await (const item of channel) await channel.send(item.length)');
const told = [];
for (const item of ['x'.repeat(3_000_000), Array(500_000).fill('item'), new Own(4_000_000)]) {
  scarce = true;
  const sending = channel.send(item);
  scarce = false;
  told.push(await sending.then(() => 'sent').catch(({ code, cause }) => `${code}: ${cause?.message}`));
  await channel.send(item);
  told.push(await channel.receive());
}
console.log(JSON.stringify(told));
await gateway.terminate();
