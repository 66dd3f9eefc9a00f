"""What the scripts that drive remote ends by execnet of Python share.

A script is run as `SCRIPT SCENARIO SPEC`: it calls its function of that name with a group and the spec.
"""

import faulthandler
import sys

import execnet

# The slowest scenario takes seconds: who waits longer waits for ever, and shows where.
faulthandler.dump_traceback_later(60, exit=True)

TIMEOUT = 30


def receive(channel):
    return channel.receive(timeout=TIMEOUT)


def failure(call, kind):
    """What a call fails with, which must be of this kind."""
    try:
        value = call()
    except kind as error:
        return error
    raise AssertionError("no %s but %r" % (kind.__name__, value))


def remote_error(channel):
    """The text of the error that an execution has failed with."""
    return str(failure(lambda: receive(channel), channel.RemoteError))


def ends(channel):
    """The channel brings nothing more, and no error."""
    failure(lambda: receive(channel), EOFError)
    channel.waitclose(TIMEOUT)
    return channel.isclosed()


def run(scenarios):
    name, spec = sys.argv[1:3]
    group = execnet.Group()
    scenarios[name](group, spec, *sys.argv[3:])
    group.terminate(timeout=TIMEOUT)
    print("done")
