# seconds between the end of the connection and the moment when the watchdog kills what is still there
WATCHDOG_GRACE = 1.5
# milliseconds between two looks whether there is still something to watch
WATCHDOG_LOOK = 5000


def start_watchdog(input, lease):
    """Starts what ends the group when this process, or the connection, has ended without doing so itself."""
    if JYTHON:
        start_sentry()
    else:
        fork_watchdog(input, lease)


def start_sentry():
    """
    Starts a shell that waits for the end of this process. No code holds up the threads of a Java machine, so that they need no help when the
    connection is lost; but code of the user may end the machine.
    """
    from java.lang import ProcessBuilder
    start_sentry.process = ProcessBuilder(['/bin/sh', '-c', (
        'trap "" HUP INT TERM QUIT; exec >/dev/null 2>&1; while read line; do :; done; sleep %g; kill -9 -%d' % (WATCHDOG_GRACE, getpid())
    )]).start()


def fork_watchdog(input, lease):
    """
    Starts a process that kills the group when the connection is gone and this process does nothing about it: code in C may hold the
    interpreter's lock for ever, and no thread of Python runs meanwhile. It is nobody's child, so that user code which waits for its
    children never meets it.
    """
    if not hasattr(select, 'poll'):
        return
    if lease:
        input.counter = mmap.mmap(-1, 4)
    main = os.getpid()
    child = os.fork()
    if child:
        while True:
            try:
                os.waitpid(child, 0)
                return
            except OSError as error:
                if error.errno != errno.EINTR:
                    return
    try:
        if os.fork():
            exit_process(0)
        watch(input, lease, main)
    finally:
        exit_process(0)


def watch(input, lease, main):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    fd = input.fd
    # the streams of the process that it watches must end with that
    os.closerange(0, fd)
    os.closerange(fd + 1, descriptor_limit())
    poll = select.poll()
    poll.register(fd, 0)
    seen, silent = None, 0
    while True:
        try:
            gone = poll.poll(lease // 4 if lease else WATCHDOG_LOOK)
        except (OSError, select.error):
            continue
        if gone:
            break
        try:
            os.kill(main, 0)
        except OSError:
            return
        if lease:
            # what has been read, and what waits to be read
            now = (input.counter[:4], waiting(fd))
            silent = 0 if now != seen else silent + 1
            seen = now
            # the process itself gives up after 12
            if silent > 14:
                break
    sleep(WATCHDOG_GRACE)
    os.kill(-main, SIGKILL)


def waiting(fd):
    """How many bytes wait to be read."""
    import termios
    return fcntl.ioctl(fd, termios.FIONREAD, b'\0' * 4)
