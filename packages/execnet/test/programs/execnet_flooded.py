"""Reads no more from a remote end that sends without end, in all ways that there are; tells its process, and waits to be killed."""

import json
import sys
import threading

import execnet
from execnet_scenarios import receive

gw = execnet.makegateway(sys.argv[1])
never = threading.Event()
sources = [
    "await channel.receive(); for (;;) await channel.send('x'.repeat(1000))",
    "await channel.receive(); for (;;) channel.sendSync('x'.repeat(100000))",
    "await channel.receive(); const file = channel.makeFile('w'); for (;;) if (!file.write('x'.repeat(10000))) await new Promise((resolve) => file.once('drain', resolve))",
]
channels = [gw.remote_exec("await channel.send(null); " + source) for source in sources]
for channel in channels:
    receive(channel)
    # a callback runs in the thread that reads
    channel.setcallback(lambda item: never.wait())
for channel in channels:
    channel.send(None)
print(json.dumps({"pid": gw._io.popen.pid}), flush=True)
never.wait()
