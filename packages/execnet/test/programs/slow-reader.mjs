// Three gateways of the spec in argv[2] stream 80 MB each, or in the tier of all 200 MB, to this slow reader. Prints by how many MiB the peak of each end rose, its own
// first; an item that is lost, doubled or out of order ends it with an error.
import { Group } from 'execnet';
import { currentTier } from '../../../../tools/lib/combinations.mjs';
import { peakRises } from '../fixtures/memory.mjs';

const SIZE = 4096;
const MIB = 1024 * 1024;
const TOTAL = currentTier() === 'all' ? 200_000_000 : 80_000_000;

/**
 * @param {import('execnet').Gateway} gateway
 * @param {number} total
 */
async function read(gateway, total) {
  const channel = gateway.remoteExec(
    async (/** @type {import('execnet').Channel} */ channel, { total, size }) => {
      const rest = '.'.repeat(size - 8);
      for (let i = 0; i < total / size; i++) await channel.send(String(i).padStart(8, '0') + rest);
    },
    { total, size: SIZE },
  );
  let expected = 0;
  for await (const item of channel) {
    const number = Number(String(item).slice(0, 8));
    if (number !== expected) throw new Error(`item ${number} came as number ${expected}`);
    expected++;
    // far slower than the sender, which runs ahead again and again
    if (expected % (MIB / SIZE) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (expected !== Math.ceil(total / SIZE)) throw new Error(`${expected} items came`);
}

const group = new Group();
const spec = String(process.argv[2]);
const gateways = await group.makeGateways([spec, spec, spec]);
// what engines need to run at all, and what their collectors take for garbage; were nothing held back, the rest would still pile up after it
await Promise.all(gateways.map((gateway) => read(gateway, 30_000_000)));
const rises = await peakRises([process.pid, ...gateways.map((gateway) => gateway.peer.pid)], async () => {
  await Promise.all(gateways.map((gateway) => read(gateway, TOTAL)));
});
await group.terminate();
console.log(JSON.stringify(rises));
