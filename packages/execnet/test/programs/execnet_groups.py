import os
import shutil
import tempfile
import threading

import execnet
from execnet_scenarios import TIMEOUT, ends, receive, remote_error, run


def status(group, spec):
    gw = group.makegateway(spec)
    described = {"execmodel": "thread", "numchannels": 0, "numexecuting": 0}
    assert vars(gw.remote_status()) == described
    spinning = gw.remote_exec("channel.send('up'); await channel.receive(); for (;;);")
    blocking = gw.remote_exec("channel.sendSync('up'); channel.receiveSync()")
    assert [receive(spinning), receive(blocking)] == ["up", "up"]
    spinning.send("spin")
    assert vars(gw.remote_status()) == {**described, "numchannels": 2, "numexecuting": 2}
    blocking.send(None)
    assert ends(blocking)
    assert gw.remote_status().numexecuting == 1


def status_meanwhile(group, spec):
    """Executions begin and end while it is asked for."""
    gw = group.makegateway(spec)
    for round in range(200):
        channels = [gw.remote_exec("await channel.receive()") for _ in range(round % 4 + 1)]
        for channel in channels:
            status = gw.remote_status()
            assert status.numexecuting <= status.numchannels, vars(status)
            channel.send(None)
        status = gw.remote_status()
        assert status.numexecuting <= status.numchannels, vars(status)
        for channel in channels:
            channel.waitclose(TIMEOUT)
    while gw.remote_status().numexecuting:
        pass
    assert gw.remote_status().numchannels == 0


def side_by_side(group, spec):
    """Executions run beside each other, more of them than a gateway of ours has threads."""
    gw = group.makegateway(spec)
    channels = [gw.remote_exec("channel.sendSync(channel.receiveSync())") for _ in range(40)]
    for number, channel in reversed(list(enumerate(channels))):
        channel.send(number)
        assert receive(channel) == number


def multi_channel(group, spec):
    for _ in range(3):
        group.makegateway(spec)
    assert [gw.id for gw in group] == ["gw0", "gw1", "gw2"]
    channels = group.remote_exec("await channel.send(await channel.receive() + 1)")
    channels.send_each(1)
    assert channels.receive_each() == [2, 2, 2]
    channels.waitclose()

    channels = group.remote_exec("await channel.send(process.pid)")
    got = channels.receive_each(withchannel=True)
    assert [channel for channel, _ in got] == list(channels)
    assert len({pid for _, pid in got}) == 3

    channels = group.remote_exec("for (let n = 0; n < 3; n++) await channel.send(n)")
    queue = channels.make_receive_queue(endmarker="end")
    told = [queue.get(timeout=TIMEOUT) for _ in range(12)]
    for one in channels:
        assert [item for channel, item in told if channel is one] == [0, 1, 2, "end"]


def group_beside_python(group, spec):
    """JavaScript and Python in one group."""
    group.makegateway(spec)
    group.makegateway("popen")
    assert group.remote_exec("channel.send(1 + 1)").receive_each() == [2, 2]


def terminate(group, spec):
    gws = [group.makegateway(spec) for _ in range(3)]
    idle, waiting, spinning = gws
    receive(waiting.remote_exec("channel.sendSync(1); channel.receiveSync()"))
    receive(spinning.remote_exec("channel.sendSync(1); for (;;);"))
    group.terminate(timeout=TIMEOUT)
    assert len(group) == 0
    # their own end, not the signal of terminate after the timeout
    assert [gw._io.popen.poll() is not None for gw in gws] == [True, True, True]
    assert idle._io.wait() == 0 and waiting._io.wait() == 0


def clean_up(group, spec, file):
    """What runs is told, and may clean up."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        """
        const file = await channel.receive();
        await channel.send('begun');
        try { await channel.receive() } finally { require('node:fs').writeFileSync(file, String(channel.signal.aborted)) }
        """
    )
    channel.send(file)
    assert receive(channel) == "begun"
    group.terminate(timeout=TIMEOUT)
    with open(file) as written:
        assert written.read() == "true"


def sent_while_it_ends(group, spec):
    """A master reads until the other end has closed."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        "await channel.send('begun'); try { await channel.receive() } finally { await channel.send('the last word') }"
    )
    assert receive(channel) == "begun"
    group.terminate(timeout=TIMEOUT)
    assert receive(channel) == "the last word"


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children(group, spec):
    """What remote code has started ends with it; this program, in the same process group, does not."""
    source = """
        const { spawn } = require('node:child_process');
        const child = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
        channel.sendSync([child.pid, Number(await new Promise((resolve) => child.stdout.once('data', resolve)))]);
    """
    pids = []
    for rest in ["", "await channel.receive()", "for (;;);", "process.exit(1)", "process.abort()"]:
        gw = group.makegateway(spec)
        assert os.getpgid(gw._io.popen.pid) == os.getpgrp()
        got = receive(gw.remote_exec(source + rest))
        if "abort" not in rest:
            pids += got
        else:
            # what ends at once ends nothing else
            gw.join()
            for pid in got:
                os.kill(pid, 9)
    group.terminate(timeout=TIMEOUT)
    assert [pid for pid in pids if is_running(pid)] == []


def unread(group, spec):
    """A master that reads no more: its remote end takes what it sends, and ends when it is told to."""
    go_on = threading.Event()
    gw = group.makegateway(spec)
    flood = gw.remote_exec("await channel.receive(); for (;;) await channel.send('x'.repeat(100000))")
    # a callback runs in the thread that reads
    flood.setcallback(lambda item: go_on.wait())
    flood.send(None)
    other = gw.remote_exec("for await (const item of channel);")
    for _ in range(40):
        other.send(b"x" * 1_000_000)
    gw.exit()
    assert gw._io.wait() is not None
    go_on.set()


def exit_and_join(group, spec):
    gw = group.makegateway(spec)
    assert gw.hasreceiver()
    gw.exit()
    gw.join()
    assert not gw.hasreceiver()
    assert gw._io.wait() == 0


def main_thread_only(group, spec):
    gw = group.makegateway(spec + "//execmodel=main_thread_only")
    channel = gw.remote_exec("await channel.send('on it'); await channel.receive()")
    assert receive(channel) == "on it"
    assert "concurrent remote_exec would cause deadlock" in remote_error(gw.remote_exec("channel.send(1)"))
    assert vars(gw.remote_status()) == {"execmodel": "main_thread_only", "numchannels": 1, "numexecuting": 1}
    channel.send(None)
    assert ends(channel)
    assert receive(gw.remote_exec("channel.send(1)")) == 1


def folder_gone(group, spec):
    """The working folder is removed: before anything runs, and by what runs first."""
    adds = "channel.sendSync(channel.receiveSync() + 1)"
    removes = "require('node:fs').rmSync(process.cwd(), { recursive: true });"
    before = os.getcwd()
    for code in [adds, removes + adds, removes + "channel.send(await channel.receive() + 1)"]:
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        gw = group.makegateway(spec)
        os.chdir(before)
        if code is adds:
            shutil.rmtree(folder)
        for source in [code, adds]:
            channel = gw.remote_exec(source)
            channel.send(1)
            assert receive(channel) == 2
            assert ends(channel)
        assert gw.remote_status().numexecuting == 0
        assert not os.path.exists(folder)


def models_of_python(group, spec):
    for model in ["eventlet", "gevent"]:
        gw = group.makegateway(spec + "//execmodel=" + model)
        assert gw.remote_status().execmodel == "thread"
        assert receive(gw.remote_exec("channel.send(1)")) == 1


def no_model(group, spec):
    gw = group.makegateway(spec + "//execmodel=surprising")
    gw.join()
    assert gw._io.wait() == 2


def default_group(group, spec):
    """Left to the exit of the program."""
    gw = execnet.makegateway(spec)
    gw.remote_exec("for (;;);")
    assert receive(gw.remote_exec("channel.send(1)")) == 1


run(globals())
