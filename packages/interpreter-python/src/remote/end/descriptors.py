if JYTHON:
    # its own calls refuse descriptors that it did not open
    from jarray import zeros
    from java.lang import Thread
    from jnr.posix import POSIXFactory
    from org.python.core.util import StringUtil

    POSIX = POSIXFactory.getPOSIX()

    def read_some(fd, size):
        data = zeros(size, 'b')
        got = POSIX.read(fd, data, size)
        return data[:got].tostring() if got > 0 else b''

    def write_all(fd, *parts):
        data = StringUtil.toBytes(b''.join([part.tobytes() if isinstance(part, memoryview) else part for part in parts]))
        while len(data):
            done = POSIX.write(fd, data, len(data))
            if done < 0:
                raise IOError('the connection is lost')
            data = data[done:]

    def kill(pid, number):
        if POSIX.kill(pid, number) != 0:
            raise OSError('no such process')

    def lead_group():
        """Makes this process lead a group, so that its children can be ended with it. False if it can't."""
        return POSIX.getpgid(0) == POSIX.getpid() or POSIX.setpgid(0, 0) == 0

    getpid = POSIX.getpid
else:
    import errno
    import fcntl

    # user code may replace them, in its tests for instance
    read, write = os.read, os.write

    def read_some(fd, size):
        while True:
            try:
                return read(fd, size)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                if error.errno in (errno.ECONNRESET, errno.EIO):
                    return b''
                raise

    def write_some(fd, part):
        while True:
            try:
                return write(fd, part)
            except OSError as error:
                if error.errno != errno.EINTR:
                    raise

    def write_all(fd, *parts):
        # one copy more than writev, which not every Python has, and which brings nothing that could be measured
        data = parts[0] if len(parts) == 1 else b''.join([part.tobytes() if isinstance(part, memoryview) else part for part in parts])
        done = write_some(fd, data)
        while done < len(data):
            data = memoryview(data)[done:]
            done = write_some(fd, data)

    def descriptor_limit():
        """Above all descriptors that are likely to be open; the limit itself may be a thousand million, or none."""
        limit = os.sysconf('SC_OPEN_MAX')
        return 65536 if limit < 0 or limit > 65536 else limit

    kill = os.kill
    getpid = os.getpid

    def lead_group():
        """Makes this process lead a group, so that its children can be ended with it. False if it can't."""
        try:
            if os.getpgrp() != os.getpid():
                os.setpgid(0, 0)
            return True
        except OSError:
            return False


# of this process: code of the user may fork, and the child has the same program
PID = getpid()


def refuse_forked():
    if getpid() != PID:
        raise RuntimeError('this process was forked by remote code: the channels belong to the one that it was forked from')


def complain(message):
    """For the operator, on stderr; never fails."""
    try:
        sys.__stderr__.write('execnet: %s\n' % message)
        sys.__stderr__.flush()
    except Exception:
        pass
