class ThreadModel(object):
    """The first execution in the main thread, those that begin while it is busy in others."""

    def __init__(self, end, limit):
        self.end = end
        self.limit = limit
        self.lock = Lock()
        self.main_task = None
        self.main_busy = False
        self.main_latch = Latch()
        self.leaving = False
        self.running = 0
        self.queue = deque()
        self.idle = deque()

    latch = staticmethod(Latch)
    key = staticmethod(get_ident)
    is_own = None

    @staticmethod
    def is_amid():
        return get_ident() in AMID

    @property
    def queued(self):
        return len(self.queue)

    def execute(self, task):
        with self.lock:
            if self.running >= self.limit:
                self.queue.append(task)
                return
            self.running += 1
            if not self.main_busy:
                self.give_main(task)
                return
        try:
            self.background(lambda: self.serve(task))
        except Exception:
            # the system gives no more threads: as if the limit were reached
            with self.lock:
                if self.main_busy:
                    self.running -= 1
                    self.queue.append(task)
                else:
                    self.give_main(task)

    def give_main(self, task):
        self.main_busy = True
        self.main_task = task
        self.main_latch.set()

    def serve(self, task, main=False):
        """Executes one task after the other until none is left for this thread."""
        while task is not None:
            failure = task.run()
            over, task = task, None
            # free before its close is written: who sees that finds a thread
            with self.lock:
                if self.queue:
                    task = self.queue.popleft()
                else:
                    self.running -= 1
                    if main:
                        self.main_busy = False
            self.end.over(over, failure)
            over = failure = None

    def cancel_queued(self, state):
        with self.lock:
            for task in self.queue:
                if task.state is state:
                    self.queue.remove(task)
                    return True
        return False

    def drop_queue(self):
        with self.lock:
            self.queue.clear()

    def background(self, work):
        """Runs something in a thread that is free, or a new one. Fails where the system gives no more."""
        with self.lock:
            thread = self.idle.pop() if self.idle else None
        if thread is not None:
            thread.give(work)
        else:
            PoolThread(self, work)

    def run_main(self):
        """What the main thread does until the gateway ends."""
        while True:
            try:
                self.main_latch.wait()
                with self.lock:
                    if self.leaving:
                        return
                    task, self.main_task = self.main_task, None
                    self.main_latch = Latch()
                self.serve(task, True)
                task = None
            except KeyboardInterrupt:
                # from a terminal or another process, for nobody
                pass

    def leave(self):
        with self.lock:
            self.leaving = True
            self.main_latch.set()

    def interrupt(self, tasks):
        """Interrupts the main thread, if it executes one of these and has not noticed that it is to end."""
        # with the lock of the link, so that nobody notices meanwhile
        self.end.link.enter()
        try:
            for task in tasks:
                if task.thread == self.end.main_thread and task.inside and not task.state.noticed:
                    if JYTHON:
                        self.end.java_thread.interrupt()
                    elif hasattr(signal, 'pthread_kill'):
                        signal.pthread_kill(task.thread, signal.SIGINT)
                    else:
                        kill(getpid(), signal.SIGINT)
        finally:
            self.end.link.leave()


class PoolThread(object):
    """A thread that runs one thing after the other, and ends when nothing has come for a while."""

    def __init__(self, model, work):
        self.model = model
        self.work = work
        self.latch = None
        start_thread(self.run)

    def give(self, work):
        self.work = work
        self.latch.set()

    def run(self):
        while True:
            work, self.work = self.work, None
            work()
            work = None
            if PY2 and not JYTHON:
                # it would look for the next thing every 50 ms, which takes longer than to start a thread
                return
            self.latch = Latch()
            with self.model.lock:
                self.model.idle.append(self)
            if not self.latch.wait(IDLE):
                with self.model.lock:
                    if self in self.model.idle:
                        self.model.idle.remove(self)
                        return
                # work was given at the same moment
                self.latch.wait()


class MainThreadOnlyModel(ThreadModel):
    """One execution at a time, in the main thread; a further one is refused, as waiting could be for ever: but not before the one that runs has had time to end,
    since who has got what it sent last may begin the next at once."""

    def execute(self, task):
        with self.lock:
            if not self.main_busy:
                self.running += 1
                self.give_main(task)
                return
            self.queue.append(task)
        try:
            self.background(lambda: self.give_up(task, PATIENCE))
        except Exception:
            # the system gives no more threads
            self.give_up(task, 0)

    def give_up(self, task, seconds):
        sleep(seconds)
        with self.lock:
            if task not in self.queue:
                return
            self.queue.remove(task)
        message = 'concurrent remote_exec would cause deadlock for the execution model main_thread_only'
        self.end.refuse(task, message)
