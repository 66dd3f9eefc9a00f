// Uses a gateway while builtins are not what they were: `before` or `after` execnet is imported a patch is made, whose text follows. Says what came of it.
import { text } from 'node:stream/consumers';
import { runInThisContext } from 'node:vm';

const [when, patch = ''] = process.argv.slice(2);
const change = () => runInThisContext(patch);
if (when === 'before') change();
const { Group } = await import('execnet');
if (when === 'after') change();

const group = new Group();
const { signal } = new AbortController();
const gateway = await group.makeGateway('popen', { signal });
const echo = gateway.remoteExec('for await (const item of channel) await channel.send(item);');
const items = [{ list: [1, 'two', null], map: new Map([[1, new Set([2n])]]) }, new Uint8Array(300_000), 3];
const seen = [];
for (const item of items) {
  await echo.send(item);
  const back = await echo.receive();
  seen.push(back instanceof Uint8Array ? back.length : typeof back);
}
await echo.end();
await echo.waitClose();
seen.push(await gateway.call((/** @type {number} */ value) => value + 1, 2));
seen.push(
  await gateway
    .call(() => {
      throw new TypeError('told');
    })
    .catch((error) => error.remoteName),
);
const child = await gateway.spawn('cat');
child.stdin.end('from a process');
seen.push(await text(child.stdout));
for await (const n of gateway.stream(function* () {
  yield 4;
}))
  seen.push(n);
const web = gateway.remoteExec('await channel.send(await channel.receive());');
const writer = web.writable.getWriter();
await writer.write('over web streams');
seen.push((await web.readable.getReader().read()).value);
await group.terminate();
console.log(JSON.stringify(seen));
