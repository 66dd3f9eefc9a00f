// Is bundled, with `await using` compiled for older engines, and run in a context of its own, as test runners do. Ends by itself.
import { Group } from 'execnet';

async function main() {
  const group = new Group();
  const pids = [];
  {
    await using gateway = await group.makeGateway('popen');
    pids.push(gateway.peer.pid);
    await using counter = await gateway.expose((/** @type {number} */ start) => {
      let value = start;
      return { up: () => ++value };
    }, 41);
    const up = await counter.up();
    await using channel = gateway.remoteExec((channel) => channel.receive());
    await using endless = gateway.stream(function* () {
      for (;;) yield 'an item';
    });
    const { value } = await endless.next();
    await using sleeping = await gateway.spawn('sleep', ['1000']);
    pids.push(sleeping.pid);
    // what the context calls a Date is none of the class that the program outside knows
    const sent = { date: new Date(0), map: new Map([[1, new Error('kept')]]), bytes: new Uint8Array(2) };
    const kinds = await gateway.call(
      ({ date, map, bytes }) => [
        date instanceof Date,
        map.get(1) instanceof Error,
        bytes instanceof Uint8Array,
      ],
      sent,
    );
    const back = await gateway.call(() => ({ date: new Date(0), set: new Set([1]) }));
    console.log(
      JSON.stringify({
        pids,
        up,
        value,
        open: !channel.isClosed,
        kinds: [...kinds, back.date instanceof Date, back.set instanceof Set],
      }),
    );
  }
  // ended by what was left of the block
  if (group.size > 0) throw new Error('the gateway goes on');
}

void main();
