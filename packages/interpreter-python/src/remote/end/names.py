"""
The remote end in Python: standard library only, for CPython 2.7 and 3.6 to 3.13, PyPy, and Jython 2.7. The build puts the files of this folder
together, in the order that build.mjs names, to the one program that is sent; they share their names, and this is the first of them.

It is the other side of docs/protocol.md. The loader has moved the connection to descriptors of its own, has said hello, and calls main().

One thread, the receiver, reads the connection whatever the others do. It never runs user code and never waits for another thread: what it has
to say goes through Output.post. Threads that execute code write for themselves.
"""
import atexit
import os
import struct
import sys
import threading
import time
import weakref
from collections import deque

try:
    import builtins
    import _thread
except ImportError:  # Python 2
    import __builtin__ as builtins
    import thread as _thread

try:
    # what is behind the module of that name, which takes 2 ms to make its enumerations
    import _signal as signal
except ImportError:  # Python 2, Jython
    import signal

PY2 = sys.version_info[0] == 2
JYTHON = sys.platform.startswith('java')
if not JYTHON:
    # later modules of the user in the working folder would be found first
    import mmap
    import select
PYPY = '__pypy__' in sys.builtin_module_names
# who handles the error for too deep a recursion has 50 frames more there; whoever takes those too ends the process
FATAL_RECURSION = not PYPY and (3, 0) < sys.version_info < (3, 9)

# taken before user code may replace them, as gevent's monkey patching does
sleep = time.sleep
clock = getattr(time, 'monotonic', time.time)
allocate_lock = _thread.allocate_lock
get_ident = _thread.get_ident
start_new_thread = _thread.start_new_thread
LockError = _thread.error
frame_at = sys._getframe
exc_info = sys.exc_info
exit_process = os._exit
recursion_limit = sys.getrecursionlimit

if PY2:
    text_type, long_type = unicode, long  # noqa: F821
else:
    text_type, long_type = str, None

STATUS, RECONFIGURE, GATEWAY_TERMINATE, CHANNEL_EXEC, CHANNEL_DATA, CHANNEL_CLOSE, CHANNEL_CLOSE_ERROR, CHANNEL_LAST_MESSAGE = range(8)
HELLO, CREDIT, PING, PONG, CANCEL, BIND, FRAGMENT_FIRST, FRAGMENT, GOODBYE, SERVICE = range(8, 18)

HEADER = struct.Struct('>bii')
HEADER_SIZE = 9
INT = struct.Struct('>i')
UINT = struct.Struct('>I')
FLOAT = struct.Struct('>d')
COMPLEX = struct.Struct('>dd')

MAX_FRAME = 1 << 30
FRAGMENT_SIZE = 262144
INITIAL_WINDOW = 3072
# of a channel; enough for a few GB/s at a round trip of a millisecond
MAX_WINDOW = 2 * 1024 * 1024
# what all channels may hold above their initial windows, together, and the part of it that channels which nobody reads may take
LINK_BUDGET = 4 * 1024 * 1024
UNREAD_BUDGET = 512 * 1024
# what a sender needs to begin an item that is larger than its credit
ANNOUNCEMENT = INITIAL_WINDOW // 2
# the least that is sent as a part of an item: smaller parts would be mostly headers
LEAST_FRAGMENT = 1024
READ_SIZE = 65536
# answers that wait for a peer that asks without reading
MAX_UNREAD = 1024 * 1024
# ids of closed channels for which frames may still be under way, or that may turn up inside items
REMEMBERED = 1024
# channels that the peer uses before it has said what for; each holds an initial window at most
MAX_HELD = 16 * 1024 * 1024 // INITIAL_WINDOW
MAX_CAUSES = 16
# how many errors are told in all, and what of their properties
MAX_ERRORS = 64
MAX_PROPERTIES = 100
MAX_PROPERTY = 16384
MAX_VALUES = 1000

# seconds that code may use to clean up when the connection is lost: all is gone within two seconds
GRACE_WHEN_LOST = 1.0
# seconds that a service may use beyond the grace of executions: the relay kills what has not ended by itself within that
SERVICE_GRACE = 0.4
# seconds after which the main thread is interrupted if its code has not noticed that it is to end
UNNOTICED = 0.05
# how often a terminating end looks whether everything has ended, in seconds
LOOK = 0.005
# how long a thread waits for the next thing to execute before it ends, in seconds
IDLE = 5.0
# seconds that an execution waits for the one before it to end, where there is one at a time, as with execnet
PATIENCE = 1.0

# after how long the main thread is reminded of a signal whose handler waits, and how long at most until the next time, in seconds
REMINDER = 0.001
MAX_REMINDER = 0.1
# how long a wait may be that no signal can interrupt, where there are such, in seconds
LOOK_FOR_SIGNALS = 0.05

PROGRAM = '<execnet remote end>'

# Java has no name for it
SIGKILL = 9


def threading_is_patched():
    """User code has made the library start greenlets for threads, as gevent and eventlet offer."""
    # Jython has no greenlets, and gives another object for each look
    return not JYTHON and _thread.start_new_thread is not start_new_thread


class SystemThread(threading.Thread):
    """One that does its work whatever code of the user makes of the library: of its classes, and of what they call when a thread begins, as a tracer that fails does."""

    def __init__(self, work):
        self.work = work
        threading.Thread.__init__(self)
        self.daemon = True

    def run(self):
        self.work()


def certain(begin):
    """`begin`, with which a thread of the library begins, and then the work if that has not come to it."""
    def begin_work(thread):
        try:
            begin(thread)
        finally:
            thread.work()
    return begin_work


for name in ('_bootstrap_inner', '_Thread__bootstrap_inner', '_Thread__bootstrap'):
    if hasattr(threading.Thread, name):
        setattr(SystemThread, name, certain(getattr(threading.Thread, name)))


def once(work):
    """Does it the first time that it is called."""
    lock = allocate_lock()

    def begin():
        if lock.acquire(False):
            work()
    return begin


def start_thread(work):
    """Starts a thread of the system, in any case; it keeps no process alive. Fails where the system gives no more."""
    if threading_is_patched():
        start_new_thread(work, ())
        return
    work = once(work)
    try:
        SystemThread(work).start()
    except Exception:
        start_new_thread(work, ())


def descend(frames):
    if frames:
        descend(frames - 1)


def need_frames():
    """Fails as Python does when the limit of recursion is reached, if it nearly is. Code that calls itself without end meets that error in the deepest function,
    which is one of ours when it sends or receives on the way: so what must not be cut in two asks before it begins."""
    if PYPY:
        # its limit is one of bytes, of which compiled frames take few
        descend(200)
        return
    limit = recursion_limit()
    try:
        # what is called from C counts more than once
        frame_at(limit // 3)
        if FATAL_RECURSION:
            frame_at(limit - 60)
            raise RuntimeError('maximum recursion depth exceeded')
    except ValueError:
        return
    descend(40)
