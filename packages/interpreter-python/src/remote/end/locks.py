# The threads and greenlets that are in the midst of what they do for the connection, each as often as it is. The collector calls code of the user at any place, and a profiler does:
# what that asks for can't be waited for there.
AMID = []


class Lock(object):
    """A lock, which its holder is in the midst of from before it has it until after it has let go."""

    def __init__(self):
        self.lock = allocate_lock()

    def acquire(self):
        AMID.append(get_ident())
        self.lock.acquire()

    def acquire_now(self):
        """Takes it and returns True, or returns False if it is taken."""
        AMID.append(get_ident())
        if self.lock.acquire(False):
            return True
        AMID.remove(get_ident())
        return False

    def release(self):
        self.lock.release()
        AMID.remove(get_ident())

    def __enter__(self):
        self.acquire()

    def __exit__(self, *_):
        self.release()
