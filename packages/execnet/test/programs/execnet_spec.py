import os
import sys
import tempfile

from execnet_scenarios import failure, receive, remote_error, run


def information(group, spec, kind, path):
    gw = group.makegateway(spec)
    info = gw._rinfo()
    assert info.pid == gw._io.popen.pid, info
    assert info.cwd == os.getcwd(), info
    assert info.platform == sys.platform, info
    assert info.runtime == kind, info
    assert os.path.samefile(info.executable, path), info
    assert isinstance(info.version_info, tuple) and len(info.version_info) == 5, info
    # the same later on, from a thread, also while the code is busy
    receive(gw.remote_exec("channel.sendSync(1); for (;;);"))
    assert vars(gw._rinfo(update=True)) == vars(info)
    assert gw.remote_status().numexecuting == 1


def configuration(group, spec, folder):
    folder = os.path.join(os.path.realpath(folder), "made")
    gw = group.makegateway(spec + "//chdir=%s//nice=3//env:EXECNET_ONE=1//env:EXECNET_TWO=\u20ac = 2" % folder)
    assert gw._rinfo().cwd == folder
    source = """
        const { status } = require('node:fs').statSync('.') && { status: 0 };
        const child = require('node:child_process').execFileSync('sh', ['-c', 'pwd; nice; printf "%s" "$EXECNET_TWO"'], { encoding: 'utf8' });
        channel.send([process.cwd(), process.env.EXECNET_ONE, process.env.EXECNET_TWO, child]);
        await channel.receive();
    """
    nice = os.nice(0) + 3
    expected = [folder, "1", "\u20ac = 2", "%s\n%d\n\u20ac = 2" % (folder, nice)]
    # on the main thread, and on a further one
    channels = [gw.remote_exec(source) for _ in range(2)]
    for channel in channels:
        got = receive(channel)
        assert got == expected, got


def configuration_refused(group, spec, folder):
    file = os.path.join(folder, "file")
    open(file, "w").close()
    error = failure(lambda: group.makegateway(spec + "//chdir=" + file), Exception)
    assert type(error).__name__ == "RemoteError" and file in str(error), error


def no_bytecode(group, spec):
    gw = group.makegateway(spec + "//dont_write_bytecode")
    assert receive(gw.remote_exec("channel.send(1)")) == 1


def through_python(group, spec):
    """A Python gateway between the two."""
    group.makegateway("popen//id=between")
    gw = group.makegateway(spec + "//via=between")
    assert receive(gw.remote_exec("channel.send(1 + 1)")) == 2
    assert gw.remote_status().numexecuting == 0


def printed(group, spec):
    """What code prints, or what it starts, gets to stderr and not between the frames."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        """
        console.log('from console.log');
        process.stdout.write('from process.stdout\\n');
        console.error('from console.error');
        require('node:child_process').execFileSync('sh', ['-c', 'echo from a child'], { stdio: 'inherit' });
        require('node:fs').writeSync(1, 'from descriptor 1\\n');
        await channel.send(1);
        """
    )
    assert receive(channel) == 1
    other = gw.remote_exec("await channel.receive()")
    channel = gw.remote_exec("console.log('from a thread'); await channel.send(2)")
    assert receive(channel) == 2
    other.send(None)


def folder_gone(group, spec):
    """The working folder is removed while it runs."""
    folder = tempfile.mkdtemp()
    gw = group.makegateway(spec + "//chdir=" + folder)
    os.rmdir(folder)
    assert receive(gw.remote_exec("await channel.send(6 * 7)")) == 42
    assert gw._rinfo().cwd == ""
    assert receive(gw.remote_exec("await channel.send(typeof require('node:path').sep)")) == "string"


def input_is_empty(group, spec):
    channel = group.makegateway(spec).remote_exec("channel.send(require('node:fs').readFileSync(0, 'utf8'))")
    assert receive(channel) == ""


def another_source(group, spec):
    """A source that is nearly one of those that are known is JavaScript like any other."""
    text = remote_error(group.makegateway(spec).remote_exec("import os\npath, nice, env = channel.receive()\n"))
    assert "this remote end runs JavaScript, on " in text, text


run(globals())
