// Makes a gateway of Python for each scenario with the spec that it is given, says which processes there are, and stays until it is killed. With
// further arguments: for those scenarios only.
import { Group } from 'execnet';
import { PYTHON_CHILDREN } from '../fixtures/python-children.mjs';

const [, , spec = 'popen//python', ...wanted] = process.argv;

/** How remote code goes on, in the main thread and, with `busy`, in another. @type {Record<string, { busy?: string, on: string }>} */
const SCENARIOS = {
  'waits for an item': { on: 'channel.receive()' },
  'waits again and again, whatever it is told': {
    on: 'import time\nwhile True:\n    try: channel.receive()\n    except BaseException: time.sleep(0.1)',
  },
  sleeps: { on: 'import time\ntime.sleep(1000)' },
  'sleeps, whatever it is told': {
    on: 'import time\nwhile True:\n    try: time.sleep(1000)\n    except BaseException: pass',
  },
  'sends what nobody reads': { on: 'while True: channel.send(bytearray(10000))' },
  'waits for its child': { on: 'child.wait()' },
  'exits when the connection is lost': {
    on: 'import os\ntry: channel.receive()\nfinally: os._exit(0)',
  },
  'exits so in another thread': {
    busy: 'channel.receive()',
    on: 'import os\ntry: channel.receive()\nfinally: os._exit(0)',
  },
  'ignores signals': {
    on: 'import signal, time\nfor name in ("SIGINT", "SIGTERM", "SIGHUP"): signal.signal(getattr(signal, name), signal.SIG_IGN)\ntime.sleep(1000)',
  },
  'has a thread of its own': {
    on: 'import threading, time\nthreading.Thread(target=lambda: time.sleep(1000)).start()',
  },
  'has nothing to do any more': { on: '' },
  // last, because they take the time of those that start
  'computes in another thread': { busy: 'channel.receive()', on: 'while True: pass' },
  'computes in both': { busy: 'while True: pass', on: 'while True: pass' },
  'holds the lock of the interpreter': {
    on: 'try: numbers = xrange\nexcept NameError: numbers = range\nsum(numbers(10 ** 12))',
  },
};

const group = new Group();
/** @type {Record<string, number[]>} */
const pids = {};
/** Channels that nobody holds are closed. @type {unknown[]} */
const held = [];
const names = Object.keys(SCENARIOS).filter((name) => wanted.length === 0 || wanted.includes(name));
const [idle, ...gateways] = await group.makeGateways([spec, ...names.map(() => spec)]);
pids['was never used'] = [Number(idle?.peer.pid)];
for (const [n, name] of names.entries()) {
  const { busy, on } = SCENARIOS[name] ?? { on: '' };
  const gateway = gateways[n];
  if (gateway === undefined) throw new Error('a gateway for each');
  if (busy !== undefined) {
    const occupying = gateway.remoteExec(`channel.send(1)\n${busy}`);
    held.push(occupying);
    await occupying.receive();
  }
  const channel = gateway.remoteExec(PYTHON_CHILDREN + on);
  held.push(channel);
  pids[name] = [gateway.peer.pid, .../** @type {number[]} */ (await channel.receive())];
}
console.log(JSON.stringify(pids));
setInterval(() => held.length, 1000);
