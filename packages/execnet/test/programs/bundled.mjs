// Is bundled with everything that it imports into one file, as a module or as CommonJS, and runs where nothing is installed. Ends by itself.
import { makeGateway, RemoteError } from 'execnet';

async function main() {
  const [, , spec] = process.argv;
  const gateway = await makeGateway(spec);
  // Bun would put a constant into the function
  const factor = Number('6');
  const product = await gateway.call(({ a, b }) => a * b, { a: factor, b: 7 });

  /** @type {import('execnet').Channel<number, number>} */
  const channel = gateway.remoteExec(async (channel) => {
    class Doubler {
      /** @param {number} item */
      double = (item) => item * 2;
    }
    const doubler = new Doubler();
    for await (const item of channel) await channel.send(doubler.double(item));
  });
  const doubled = [];
  for (let n = 0; n < 3; n++) {
    await channel.send(n);
    doubled.push(await channel.receive());
  }
  let refused = '';
  try {
    await gateway.call(() => factor);
  } catch (error) {
    refused = /** @type {Error & { code: string }} */ (error).code;
  }
  let failed = '';
  try {
    await gateway.call(() => {
      throw new RangeError('remote');
    });
  } catch (error) {
    if (error instanceof RemoteError) failed = error.message;
  }
  // a thread of the pool, which loads its own program
  const onPool = gateway.remoteExec('channel.sendSync(channel.receiveSync() + 1)');
  await onPool.send(41);
  const answer = await onPool.receive();
  await gateway.remoteExec('console.log("printed by remote code")').waitClose();
  await gateway.remoteExec('channel.receiveSync()').send(1);
  console.log(JSON.stringify({ pid: gateway.peer.pid, product, doubled, refused, failed, answer }));
}

void main();
