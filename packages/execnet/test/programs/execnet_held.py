"""Makes gateways whose remote ends do all kinds of things, or the things that are named, tells their processes, and waits to be killed."""

import json
import sys
import threading

import execnet
from execnet_scenarios import receive

CHILD = """
const child = require('node:child_process').spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
const grandchild = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
channel.sendSync([child.pid, grandchild]);
"""

SCENARIOS = {
    "waits": "await channel.receive()",
    "blocks": "channel.receiveSync()",
    "spins": "for (;;);",
    "spins when it is told": "try { channel.receiveSync() } finally { for (;;); }",
    "sends what nobody reads": "channel.receiveSync(); for (;;) channel.sendSync('x'.repeat(100000))",
    "sends what nobody reads, and awaits it": "channel.receiveSync(); for (;;) await channel.send('x'.repeat(100000))",
    "prints": "for (;;) console.log('x'.repeat(1000))",
    "is over": "",
}

spec = sys.argv[1]
pids = {"idle": [execnet.makegateway(spec)._io.popen.pid]}
channels = []
never = threading.Event()

for name, code in SCENARIOS.items():
    if sys.argv[2:] and name not in sys.argv[2:]:
        continue
    gw = execnet.makegateway(spec)
    channel = gw.remote_exec(CHILD + code)
    pids[name] = [gw._io.popen.pid, *receive(channel)]
    if "nobody reads" in name:
        # a callback runs in the thread that reads
        channel.setcallback(lambda item: never.wait())
        channel.send(None)
    channels.append(channel)

print(json.dumps(pids), flush=True)
never.wait()
