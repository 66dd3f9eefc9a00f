# The loader: the text behind `python -c`. It moves the protocol away from stdin and stdout, reads the options, says hello, reads the program of
# the remote end and runs it. An interpreter that is too old must understand it too, to say so: nothing in it is younger than Python 2.5.
import sys

# what lies in the working folder is for user code, also if it is called struct.py
HERE = sys.path[:1]
if HERE == ['']:
    del sys.path[0]

import marshal
import os
import struct

JAVA = sys.platform.startswith('java')
NOTHING = ''.encode('ascii')

if JAVA:
    # its own calls refuse descriptors that it did not open
    from jarray import array, zeros
    from jnr.constants.platform import Fcntl
    from jnr.posix import POSIXFactory
    posix = POSIXFactory.getPOSIX()
else:
    import fcntl
    posix = os


def writable(fd):
    # 3 may be open without being meant for us: a Java machine has its library there
    try:
        if JAVA:
            flags = posix.fcntl(fd, Fcntl.F_GETFL)
        else:
            flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    except Exception:
        return False
    return flags >= 0 and flags & 3 > 0


def private(fd):
    # a copy that children do not get
    copy = posix.dup(fd)
    if JAVA:
        posix.fcntlInt(copy, Fcntl.F_SETFD, 1)
    else:
        fcntl.fcntl(copy, fcntl.F_SETFD, 1)
    return copy


def open_protocol():
    prints = writable(3)
    descriptors = private(0), private(1)
    posix.dup2(prints and 3 or 2, 1)
    if prints:
        posix.close(3)
    null = posix.open('/dev/null', 0, 0)
    posix.dup2(null, 0)
    posix.close(null)
    return descriptors


def read(size):
    parts = []
    while size > 0:
        data = NOTHING
        if JAVA:
            buffer = zeros(size, 'b')
            data = buffer[:max(posix.read(READ, buffer, size), 0)].tostring()
        else:
            try:
                data = os.read(READ, size)
            except OSError:
                # EINTR
                if sys.exc_info()[1].errno == 4:
                    continue
        if not data:
            # nobody waits for us any more
            os._exit(0)
        parts.append(data)
        size -= len(data)
    return NOTHING.join(parts)


def part():
    return read(struct.unpack('>I', read(4))[0])


def say(data):
    send(OPTIONS['token'].encode('ascii') + data)


def send(data):
    while data:
        if JAVA:
            done = posix.write(WRITE, array(data, 'b'), len(data))
            if done < 0:
                # nobody waits for us any more
                os._exit(0)
        else:
            done = os.write(WRITE, data)
        data = data[done:]


def refuse(text):
    say(text.encode('utf-8'))
    os._exit(1)


def quoted(value):
    # JSON, without loading what writes it
    text = type(NOTHING.decode('ascii'))
    if not isinstance(value, text):
        value = value.decode('utf-8', 'replace')
    parts = []
    for char in value:
        code = ord(char)
        if 31 < code < 127 and char not in '"\\':
            parts.append(char)
        elif code < 65536:
            parts.append('\\u%04x' % code)
        else:
            parts.append('\\u%04x\\u%04x' % (55296 + (code - 65536 >> 10), 56320 + (code & 1023)))
    return '"%s"' % ''.join(parts)


def folder():
    try:
        return os.getcwd()
    except OSError:
        return ''


def hello():
    runtime = 'cpython'
    if JAVA:
        runtime = 'jython'
    elif hasattr(sys, 'pypy_version_info'):
        runtime = 'pypy'
    system = os.uname()
    machine = {'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64', 'i386': 'ia32', 'i686': 'ia32'}.get(system[4], system[4])
    fields = [
        ('runtime', quoted(runtime)),
        ('version', quoted(VERSION)),
        ('pid', '%d' % os.getpid()),
        ('platform', quoted(system[0].lower())),
        ('arch', quoted(machine)),
        ('executable', quoted(sys.executable or '')),
        ('cwd', quoted(folder())),
    ]
    text = '{"protocol":1,%s}' % ','.join(['"%s":%s' % field for field in fields])
    say(struct.pack('>bii', 8, 0, len(text)) + text.encode('ascii'))


def run(main, *arguments):
    # code of the user finds what it would behind `python -c ''`: what starts others with this command line must not start a loader
    if hasattr(sys, 'orig_argv'):
        sys.orig_argv[-1] = ''
    for name in list(globals()):
        if not name.startswith('__'):
            del globals()[name]
    main(*arguments)


VERSION = '%d.%d.%d' % tuple(sys.version_info[:3])
READ, WRITE = open_protocol()
OPTIONS = eval(part())
if sys.version_info < (2, 7) or (3,) <= sys.version_info < (3, 6):
    refuse('OLD ' + VERSION)
if OPTIONS.get('needs'):
    try:
        # that it can be imported does not mean that it works there
        module = __import__(OPTIONS['needs'])
        getattr(module, 'hubs', module).get_hub()
    except Exception:
        refuse('LACKS %s %s' % (OPTIONS['needs'], sys.exc_info()[1]))
hello()
code = part()
made = OPTIONS.get('build') and part()
if made and OPTIONS['build'] == sys.version:
    code = marshal.loads(made)
else:
    code = compile(code, '<execnet remote end>', 'exec')
    if OPTIONS.get('learn') and not JAVA:
        made = marshal.dumps(code)
        build = sys.version.encode('ascii')
        send(struct.pack('>biiI', 18, 0, 4 + len(build) + len(made), len(build)) + build + made)
made = None
# code of the user may replace builtins, or delete them
space = dict(vars(__builtins__), __name__='execnet_remote_end')
exec(code, space)
if HERE == ['']:
    sys.path.insert(0, '')
run(space['main'], OPTIONS, READ, WRITE)
