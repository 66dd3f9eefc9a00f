if JYTHON:
    from java.util.concurrent import Semaphore, TimeUnit

    class Latch(object):
        """Something that one thread waits for and another one sets, once."""

        def __init__(self):
            self.semaphore = Semaphore(0)

        def wait(self, timeout=None):
            try:
                if timeout is None:
                    self.semaphore.acquire()
                    return True
                return self.semaphore.tryAcquire(int(max(timeout, 0) * 1000000), TimeUnit.MICROSECONDS)
            except InterruptedException:
                # meant for code of the user: who waits here looks why
                return False

        def set(self):
            self.semaphore.release()
elif PY2:
    class Latch(object):
        """Something that one thread waits for and another one sets, once."""

        def __init__(self):
            self.lock = allocate_lock()
            self.lock.acquire()

        def wait(self, timeout=None):
            if SIGNALS.pending:
                SIGNALS.deliver()
            if timeout is None and not SIGNALS.are_awaited():
                # Python 2 can't be interrupted in there; the threads that must be are looked after by who terminates
                self.lock.acquire()
                return True
            # Python 2 has no lock with a timeout
            deadline = None if timeout is None else clock() + timeout
            delay = 0.0005
            while not self.lock.acquire(False):
                left = LOOK_FOR_SIGNALS if deadline is None else deadline - clock()
                if left <= 0:
                    return False
                delay = min(delay * 2, left, LOOK_FOR_SIGNALS)
                sleep(delay)
            return True

        def set(self):
            try:
                self.lock.release()
            except LockError:
                # it is set already
                pass
else:
    class Latch(object):
        """Something that one thread waits for and another one sets, once."""

        __slots__ = ('lock',)

        def __init__(self):
            self.lock = allocate_lock()
            self.lock.acquire()

        def wait(self, timeout=None):
            if SIGNALS.pending:
                SIGNALS.deliver()
            return self.lock.acquire(True, -1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))

        def set(self):
            try:
                self.lock.release()
            except LockError:
                # it is set already
                pass
