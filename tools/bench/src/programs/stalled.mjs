/**
 * A fresh local end under stalled readers: tells by how much the peak of resident memory (VmHWM) of each end rises. In a process of its own, because
 * the peak of one that has done other things before says nothing. Arguments: the case, a spec, MiB for each gateway to stream. Prints JSON.
 *
 * The rise counts from the moment at which the gateways are there and their code runs, before the first item.
 */
import { readFileSync } from 'node:fs';
import { makeGateway } from 'execnet';

const [, , which, spec, mebibytes] = process.argv;

const peak = (pid) =>
  Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Until then a reader that does not read has been overtaken by any sender that could. */
const STALL = 500;

/** Three gateways stream binaries of 1 MiB to readers that take nothing for a while, then one every 2 ms. */
async function streams() {
  const gateways = await Promise.all([1, 2, 3].map(() => makeGateway(spec)));
  const channels = gateways.map((gateway) =>
    gateway.remoteExec(async (channel) => {
      const count = await channel.receive();
      const block = new Uint8Array(1024 * 1024);
      for (let i = 0; i < count; i++) {
        block[0] = i;
        await channel.send(block);
      }
    }),
  );
  // the receiver thread answers only once it is there: its 10 MiB are not part of the rise
  await Promise.all(gateways.map((gateway) => gateway.remoteStatus()));
  return await rise(gateways, async (stalled) => {
    await Promise.all(channels.map((channel) => channel.send(Number(mebibytes))));
    await pause(STALL);
    stalled();
    await Promise.all(
      channels.map(async (channel) => {
        let next = 0;
        for await (const block of channel) {
          if (block[0] !== next++ % 256) throw new Error('out of order');
          await pause(2);
        }
        if (next !== Number(mebibytes)) throw new Error('items were lost');
      }),
    );
  });
}

/** 1,000 channels of one gateway, on each of which one end sends without end and the other never reads. */
async function channels(fromRemote) {
  const gateway = await makeGateway(spec);
  const control = gateway.remoteExec(async (channel, sends) => {
    const send = async (stalled) => {
      for (;;) await stalled.send('x'.repeat(1000));
    };
    const kept = [];
    for await (const item of channel) {
      kept.push(item);
      if (sends && item !== 'all') send(item).catch(() => {});
      if (item === 'all') await channel.send(kept.length);
    }
  }, fromRemote);
  const made = Array.from({ length: 1000 }, () => gateway.newChannel());
  await gateway.remoteStatus();
  return await rise([gateway], async () => {
    for (const channel of made) await control.send(channel);
    await control.send('all');
    if (!fromRemote) {
      for (const channel of made)
        void (async () => {
          for (;;) await channel.send('x'.repeat(1000));
        })().catch(() => {});
    }
    await pause(STALL);
    // the gateway is not stalled: this comes through
    if ((await control.receive()) !== made.length + 1) throw new Error('channels were lost');
  });
}

/** Buffers as many and as large as those of `streams`, made and dropped at the same pace: what the collector lets pile up without any gateway. */
async function control() {
  return await rise([], async () => {
    const held = [];
    for (let i = 0; i < 3 * Number(mebibytes); i++) {
      held[i % 3] = new Uint8Array(1024 * 1024).fill(i);
      if (i % 3 === 2) await pause(2);
    }
  });
}

/** `work` may say when the stall is at its end; what has risen by then is told apart. */
async function rise(gateways, work) {
  const pids = gateways.map((gateway) => gateway.peer.pid);
  const local = peak(process.pid);
  const remote = pids.map(peak);
  const risen = () => ({
    local: peak(process.pid) - local,
    remote: Math.max(0, ...pids.map((pid, i) => peak(pid) - remote[i])),
  });
  let stalled;
  await work(() => {
    stalled = risen();
  });
  const result = { end: risen(), stalled };
  await Promise.all(gateways.map((gateway) => gateway.terminate({ timeout: 500 })));
  return result;
}

const cases = {
  streams,
  control,
  'channels-from': () => channels(true),
  'channels-to': () => channels(false),
};
console.log(JSON.stringify(await cases[which]()));
