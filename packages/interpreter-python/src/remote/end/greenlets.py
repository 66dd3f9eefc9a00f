class GreenModel(object):
    """Executions are greenlets of the main thread."""

    queued = 0

    def __init__(self, end):
        from greenlet import getcurrent
        self.end = end
        self.current = getcurrent
        self.lock = Lock()
        self.calls = deque()
        self.wake_read, self.wake_write = os.pipe()
        self.leaving = False
        self.running = 0
        self.greenlets = {}
        # those of this program, whatever runs in them
        self.own = weakref.WeakSet()

    def key(self):
        thread = get_ident()
        return thread if thread != self.end.main_thread else self.current()

    def is_amid(self):
        # nothing that is waited for goes on without the hub
        return get_ident() in AMID or self.key() in AMID or get_ident() == self.end.main_thread and self.in_hub()

    def latch(self):
        return GreenLatch(self) if get_ident() == self.end.main_thread else Latch()

    def call(self, work):
        """Runs something in the main thread; from any thread."""
        self.calls.append(work)
        write(self.wake_write, b'x')

    def execute(self, task):
        with self.lock:
            self.running += 1

        def run():
            failure = task.run()
            self.greenlets.pop(task, None)
            with self.lock:
                self.running -= 1
            self.end.over(task, failure)

        def begin():
            self.greenlets[task] = self.begin(run)

        self.call(begin)

    def background(self, work):
        self.call(lambda: self.begin(work))

    def begin(self, work):
        greenlet = self.spawn(work)
        self.own.add(greenlet)
        return greenlet

    def is_own(self):
        """Whether this is the hub, or a greenlet of this program, which library code begins and ends."""
        return self.in_hub() or self.current() in self.own

    def cancel_queued(self, _):
        return False

    def drop_queue(self):
        pass

    def run_main(self):
        # nor without this one
        AMID.append(self.current())
        while not self.leaving:
            try:
                self.wait_read(self.wake_read)
                read(self.wake_read, 4096)
                while self.calls:
                    self.calls.popleft()()
            except KeyboardInterrupt:
                # from a terminal or another process, for nobody
                pass
        if threading_is_patched():
            # the library would wait for its threads, which are greenlets now that nobody runs any more
            atexit._run_exitfuncs()

    def leave(self):
        self.leaving = True
        self.call(lambda: None)

    def interrupt(self, tasks):
        for task in tasks:
            greenlet = self.greenlets.get(task)
            if greenlet is not None and not task.state.noticed:
                self.call(lambda greenlet=greenlet, task=task: self.kill(greenlet, Cancelled(task.state.cancelled)))


class GreenLatch(object):
    def __init__(self, model):
        self.model = model
        self.event = model.event()

    def wait(self, timeout=None):
        return self.model.wait_event(self.event, timeout)

    def set(self):
        if get_ident() == self.model.end.main_thread:
            self.model.set_event(self.event)
        else:
            self.model.call(lambda: self.model.set_event(self.event))


class GeventModel(GreenModel):
    def __init__(self, end):
        GreenModel.__init__(self, end)
        import gevent
        import gevent.event
        import gevent.socket
        self.gevent = gevent
        self.event = gevent.event.Event
        self.spawn = gevent.spawn
        self.wait_read = gevent.socket.wait_read

    def in_hub(self):
        return self.current() is self.gevent.get_hub()

    @staticmethod
    def wait_event(event, timeout):
        return event.wait(timeout)

    @staticmethod
    def set_event(event):
        event.set()

    def kill(self, greenlet, error):
        greenlet.kill(error, block=False)


class EventletModel(GreenModel):
    def __init__(self, end):
        GreenModel.__init__(self, end)
        import eventlet
        import eventlet.event
        import eventlet.hubs
        self.eventlet = eventlet
        self.event = eventlet.event.Event
        self.spawn = eventlet.spawn

    def wait_read(self, fd):
        self.eventlet.hubs.trampoline(fd, read=True)

    def in_hub(self):
        return self.current() is self.eventlet.hubs.get_hub().greenlet

    def wait_event(self, event, timeout):
        with self.eventlet.Timeout(timeout, False):
            event.wait()
            return True
        return False

    @staticmethod
    def set_event(event):
        if not event.ready():
            event.send()

    def kill(self, greenlet, error):
        greenlet.kill(error)
