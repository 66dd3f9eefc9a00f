// Does what its argument names and ends by itself, with its gateways still open. Says first which remote ends there are.
import { defaultGroup, Group, makeGateway } from 'execnet';

const [, , scenario = '', file = ''] = process.argv;

/** @param {...import('execnet').Gateway} gateways */
const say = (...gateways) => console.log(JSON.stringify(gateways.map(({ peer }) => peer.pid)));

/** Longer than the event loop of a program that waits for nothing lives. */
const AWHILE = 200;

const wait = `await new Promise((resolve) => setTimeout(resolve, ${AWHILE}))`;

/** @type {Record<string, () => Promise<unknown>>} */
const scenarios = {
  async 'after a call'() {
    const gateway = await makeGateway();
    say(gateway);
    return await gateway.call(() => 42);
  },
  async 'with three gateways, one of which was never used'() {
    const gateways = await defaultGroup.makeGateways('3*popen');
    say(...gateways);
    return gateways.length + Number(await gateways[0]?.call(() => 39));
  },
  async 'with a group of its own'() {
    const gateway = await new Group().makeGateway();
    say(gateway);
    return await gateway.call(() => 42);
  },
  async 'with a group that installs no exit hook'() {
    const gateway = await new Group({ exitHook: false }).makeGateway();
    say(gateway);
    return await gateway.call(() => 42);
  },
  async 'while remote code waits for ever'() {
    const gateway = await makeGateway();
    say(gateway);
    const channel = gateway.remoteExec('channel.sendSync(42); channel.receiveSync()');
    return await channel.receive();
  },
  async 'while remote code spins'() {
    const gateway = await makeGateway();
    say(gateway);
    const channel = gateway.remoteExec('channel.sendSync(42); for (;;);');
    return await channel.receive();
  },
  async 'while remote code cleans up'() {
    const gateway = await makeGateway();
    say(gateway);
    const channel = gateway.remoteExec(
      `channel.sendSync(42);
       try { channel.receiveSync() } finally { require('node:fs').appendFileSync(${JSON.stringify(file)}, 'cleaned up') }`,
    );
    return await channel.receive();
  },
  async 'awaiting receive'() {
    const gateway = await makeGateway();
    say(gateway);
    return await gateway.remoteExec(`${wait}; await channel.send(42)`).receive();
  },
  async 'awaiting receive with a timeout'() {
    const gateway = await makeGateway();
    say(gateway);
    return await gateway.remoteExec(`${wait}; await channel.send(42)`).receive({ timeout: 60_000 });
  },
  async 'awaiting an iteration'() {
    const gateway = await makeGateway();
    say(gateway);
    let last;
    for await (const item of gateway.remoteExec(
      `${wait}; await channel.send(1); ${wait}; await channel.send(42)`,
    ))
      last = item;
    return last;
  },
  async 'awaiting a call'() {
    const gateway = await makeGateway();
    say(gateway);
    return await gateway.call((delay) => new Promise((resolve) => setTimeout(resolve, delay, 42)), AWHILE);
  },
  async 'awaiting waitClose'() {
    const gateway = await makeGateway();
    say(gateway);
    await gateway.remoteExec(wait).waitClose();
    return 42;
  },
  async 'awaiting join'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway.remoteExec(`${wait}; process.exit(0)`);
    await gateway.join();
    return 42;
  },
  async 'awaiting exit and join'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway.remoteExec(`try { channel.receiveSync() } finally { ${wait} }`);
    gateway.exit();
    await gateway.join();
    return 42;
  },
  async 'awaiting remoteStatus'() {
    const gateway = await makeGateway();
    say(gateway);
    // stopped, it answers when somebody lets it go on
    process.kill(gateway.peer.pid, 'SIGSTOP');
    const { spawn } = await import('node:child_process');
    spawn('sh', ['-c', `sleep 0.2; kill -CONT ${gateway.peer.pid}`], {
      detached: true,
      stdio: 'ignore',
    }).unref();
    return 42 + (await gateway.remoteStatus()).numExecuting;
  },
  async 'awaiting a send that waits for room'() {
    const gateway = await makeGateway();
    say(gateway);
    const channel = gateway.remoteExec(`${wait}; for await (const item of channel);`);
    for (let n = 0; n < 100; n++) await channel.send('x'.repeat(1000));
    return 42;
  },
  async 'awaiting the send of a large binary'() {
    const gateway = await makeGateway();
    say(gateway);
    const channel = gateway.remoteExec(`${wait}; for await (const item of channel);`);
    await channel.send(new Uint8Array(8_000_000));
    return 42;
  },
  async 'awaiting terminate'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway.remoteExec(`try { channel.receiveSync() } finally { ${wait} }`);
    await gateway.terminate();
    return 42;
  },
  async 'with a callback'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway
      .remoteExec(`${wait}; await channel.send(40); ${wait}; await channel.send(2)`)
      .setCallback((item) => {
        sum += Number(item);
      });
    return undefined;
  },
  async 'with a callback and an end marker'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway.remoteExec(wait).setCallback(
      (item) => {
        sum = Number(item);
      },
      { endMarker: 42 },
    );
    return undefined;
  },
  async 'with a stream that is read'() {
    const gateway = await makeGateway();
    say(gateway);
    gateway
      .remoteExec(`${wait}; await channel.send('42')`)
      .makeFile('r')
      .on('data', (/** @type {Buffer} */ data) => {
        sum = Number(String(data));
      });
    return undefined;
  },
  async 'awaiting the last bytes of processes that have ended'() {
    const gateway = await makeGateway();
    say(gateway);
    for (let round = 0; round < 5; round++) {
      const { stdout } = await gateway.spawn('head', ['-c', '3000000', '/dev/zero']);
      let bytes = 0;
      for await (const chunk of stdout) bytes += chunk.length;
      if (bytes !== 3_000_000) return bytes;
    }
    return 42;
  },
  async 'with bytes of a process that nobody reads'() {
    const gateway = await makeGateway();
    say(gateway);
    const { exited } = await gateway.spawn('head', ['-c', '100000', '/dev/zero']);
    return 42 + Number((await exited).code);
  },
  async 'by process.exit()'() {
    const gateways = await defaultGroup.makeGateways('2*popen');
    say(...gateways);
    await gateways[0]?.remoteExec('channel.sendSync(1); for (;;);').receive();
    process.exitCode = 42;
    // what is written to a pipe leaves later on some runtimes
    setTimeout(() => process.exit(), 50);
    return undefined;
  },
  async 'by an uncaught error'() {
    const gateways = await defaultGroup.makeGateways('2*popen');
    say(...gateways);
    await gateways[0]?.remoteExec('channel.sendSync(1); for (;;);').receive();
    setTimeout(() => {
      throw new Error('uncaught in the local program');
    }, 50);
    return undefined;
  },
  async never() {
    const gateways = await defaultGroup.makeGateways('2*popen');
    const channel = gateways[0]?.remoteExec('channel.sendSync(1); for (;;);');
    await channel?.receive();
    say(...gateways);
    await channel?.receive();
    return undefined;
  },
};

let sum = 0;
process.on('exit', (code) => {
  if (code === 0 && sum !== 42) process.exitCode = 99;
});
const result = await scenarios[scenario]?.();
if (result !== undefined) sum = Number(result);
