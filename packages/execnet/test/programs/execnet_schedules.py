"""Executions that begin, end and are closed while items as large as many pipes are on their way to them."""

import json
import os
import threading
import time

from execnet_scenarios import TIMEOUT, receive, run

SIZES = "const takes = await channel.receive(); for (let n = 0; n < takes; n++) await channel.send((await channel.receive()).length)"


def send_until_it_fails(channel, item):
    try:
        while True:
            channel.send(item)
    except IOError:
        pass


def flood(channel, item):
    thread = threading.Thread(target=send_until_it_fails, args=[channel, item])
    thread.daemon = True
    thread.start()
    return thread


def carry_out(gw, takes, size, drop):
    channel = gw.remote_exec(SIZES)
    channel.send(takes)
    sending = flood(channel, b"x" * size)
    for _ in range(takes if drop is None else min(takes, drop)):
        assert receive(channel) == size
    if drop is not None and drop < takes:
        channel.close()
    else:
        channel.waitclose(TIMEOUT)
    sending.join(TIMEOUT)
    assert not sending.is_alive()


def in_any_order(group, spec, plans):
    gw = group.makegateway(spec)
    pid = gw._io.popen.pid
    failed = []

    def checked(plan):
        try:
            carry_out(gw, plan["takes"], plan["size"], plan["drop"])
        except BaseException as error:
            failed.append("%r: %r" % (plan, error))

    plans = json.loads(plans)
    threads = [threading.Thread(target=checked, args=[plan]) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert receive(gw.remote_exec("await channel.send('as before')")) == "as before"

    # and it ends while all of that goes on
    for plan in plans:
        channel = gw.remote_exec(SIZES)
        channel.send(10**9)
        flood(channel, b"x" * plan["size"])
        receive(channel)
    group.terminate(timeout=TIMEOUT)
    assert not os.path.exists("/proc/%d" % pid)


def flooded(group, spec, folder):
    """A gateway with code that takes large items without end and would clean up; they are on their way."""
    gw = group.makegateway(spec)
    for number, wait in enumerate(["await channel.receive()", "channel.receiveSync()"]):
        channel = gw.remote_exec(
            """
            const file = await channel.receive();
            try { for (;;) await channel.send((%s).length) } finally { require('node:fs').writeFileSync(file, '') }
            """
            % wait
        )
        channel.send(os.path.join(folder, str(number)))
        flood(channel, b"x" * 5_000_000)
        assert receive(channel) == 5_000_000
    return gw


def killed(group, spec, folder):
    """Tells that items are on their way, and waits to be killed."""
    gw = flooded(group, spec, folder)
    print(json.dumps({"pid": gw._io.popen.pid}), flush=True)
    time.sleep(TIMEOUT)


def terminated(group, spec, folder):
    gw = flooded(group, spec, folder)
    group.terminate(timeout=TIMEOUT)
    assert gw._io.wait() == 0
    for number in range(2):
        assert os.path.exists(os.path.join(folder, str(number)))


run(globals())
