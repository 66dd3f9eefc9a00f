"""Measures Python's execnet for tools/bench.

The first line of output tells its version, or nothing if it is not installed. Then for each line of input, a JSON list of what to measure
and an argument, one line of output: the number. Gateways of plain "popen", execnet's fastest, on the Python that runs this.
"""

import inspect
import json
import subprocess
import sys
import time
import zlib

try:
    import execnet
    from execnet import gateway_base
except ImportError:
    print("{}", flush=True)
    sys.exit()

MEBIBYTE = 1024 * 1024
kept = {}


def gateway():
    """One gateway for all measurements that are not about making one."""
    if "gateway" not in kept:
        kept["gateway"] = execnet.makegateway("popen")
    return kept["gateway"]


def use(spec):
    """From now on measure with a gateway of this spec; null for the plain one."""
    old = kept.pop("gateway", None)
    if old is not None:
        old.exit()
        old.join()
    if spec is not None:
        kept["gateway"] = execnet.makegateway(spec)
    return 0


def rate(count, work):
    begin = time.perf_counter()
    work()
    return count / (time.perf_counter() - begin)


def start_up(spec):
    begin = time.perf_counter()
    made = execnet.makegateway(spec or "popen")
    made.remote_exec("channel.send(1)").receive()
    elapsed = (time.perf_counter() - begin) * 1000
    made.exit()
    made.join()
    return elapsed


def round_trip(count):
    channel = gateway().remote_exec("while 1: channel.send(channel.receive())")
    channel.send(0)
    channel.receive()
    begin = time.perf_counter()
    for i in range(count):
        channel.send(i)
        channel.receive()
    elapsed = (time.perf_counter() - begin) * 1000
    channel.close()
    return elapsed / count


def items_out(count, items):
    channel = gateway().remote_exec(
        "for i in range(channel.receive()): channel.receive()\nchannel.send(0)"
    )
    channel.send(count)

    def work():
        for item in items:
            channel.send(item)
        channel.receive()

    return rate(count, work)


def items_in(source, count):
    channel = gateway().remote_exec(source)
    channel.send(count)

    def work():
        for _ in range(count):
            channel.receive()

    return rate(count, work)


RECORD = {"id": 1, "name": "item", "ok": True}


def numbers_out(count):
    return items_out(count, range(count))


def numbers_in(count):
    return items_in("for i in range(channel.receive()): channel.send(i)", count)


def records_out(count):
    return items_out(count, (RECORD for _ in range(count)))


def records_in(count):
    return items_in("for i in range(channel.receive()): channel.send(%r)" % RECORD, count)


def bulk_out(count):
    block = bytes(MEBIBYTE)
    return MEBIBYTE * items_out(count, (block for _ in range(count)))


def bulk_in(count):
    source = "block = bytes(%d)\nfor i in range(channel.receive()): channel.send(block)" % MEBIBYTE
    return MEBIBYTE * items_in(source, count)


def executions(count):
    def work():
        for _ in range(count):
            gateway().remote_exec("channel.send(1)").receive()

    return rate(count, work)


def read_records(path):
    if "records" not in kept:
        with open(path) as file:
            kept["records"] = json.load(file)
    return kept["records"]


def dumps(path):
    records = read_records(path)
    begin = time.perf_counter()
    execnet.dumps(records)
    return (time.perf_counter() - begin) * 1000


def loads(path):
    data = execnet.dumps(read_records(path))
    begin = time.perf_counter()
    execnet.loads(data)
    return (time.perf_counter() - begin) * 1000


def gateways(count):
    group = execnet.Group()
    begin = time.perf_counter()
    for _ in range(count):
        group.makegateway("popen")
    elapsed = (time.perf_counter() - begin) * 1000
    group.terminate(timeout=5.0)
    return elapsed


def idle_process(_):
    """The process id of a remote end that has executed nothing; it lives until `drop`."""
    kept["idle"] = execnet.makegateway("popen")
    return kept["idle"]._io.popen.pid


def executing_process(_):
    kept["idle"] = execnet.makegateway("popen")
    kept["idle"].remote_exec("channel.send(1); channel.receive()").receive()
    return kept["idle"]._io.popen.pid


def bare_process(_):
    kept["bare"] = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
    )
    return kept["bare"].pid


def drop(_):
    made = kept.pop("idle", None)
    if made is not None:
        made.exit()
        made.join()
    bare = kept.pop("bare", None)
    if bare is not None:
        bare.kill()
        bare.wait()
    return 0


def boot_text(_):
    """What a gateway sends where execnet is not installed: as bootstrap_exec of execnet 1.9 does."""
    source = "\n".join(
        [
            inspect.getsource(gateway_base),
            "execmodel = get_execmodel('thread')",
            "io = init_popen_io(execmodel)",
            "io.write('1'.encode('ascii'))",
            "serve(io, id='gw0-worker')",
        ]
    )
    return (repr(source) + "\n").encode("ascii")


def boot_plain(_):
    return len(boot_text(_))


def boot_deflated(_):
    return len(zlib.compress(boot_text(_), 9))


def import_time(_):
    """Milliseconds that `import execnet` and the gateway that it loads lazily take in a fresh interpreter."""
    program = (
        "import time; begin = time.perf_counter(); import execnet; execnet.makegateway;"
        " print((time.perf_counter() - begin) * 1000)"
    )
    return float(subprocess.check_output([sys.executable, "-c", program]))


print(json.dumps({"version": execnet.__version__}), flush=True)
for line in sys.stdin:
    what, argument = json.loads(line)
    print(json.dumps(globals()[what](argument)), flush=True)
if "gateway" in kept:
    kept["gateway"].exit()
    kept["gateway"].join()
