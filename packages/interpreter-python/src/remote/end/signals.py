class Signals(object):
    """
    Handlers of signals run between any two steps of the main thread, and may raise: a timeout does. Inside of this program that would leave a lock
    taken, or half a frame sent. A handler waits there until the main thread is back in code of the user, or waits for something itself.
    """

    def __init__(self):
        self.set = signal.signal
        self.get = signal.getsignal
        # whether the main thread, where no frame tells, is in a greenlet in which no code of the user runs
        self.is_own = None
        self.handlers = {}
        # broken pipes are to end the process: those of this program, which code of the user does not know of, would too
        self.ends_by_pipes = False
        # numbers of signals whose handlers wait
        self.pending = deque()
        self.lock = Lock()

    def take_over(self, is_own):
        """From now on the handlers that are set, by whatever code, are called by this."""
        self.is_own = is_own
        signal.signal = self.install
        signal.getsignal = self.installed

    def install(self, number, handler):
        with self.own_lock():
            before = self.installed(number)
            ends = number == SIGPIPE and handler == signal.SIG_DFL and getpid() == PID
            self.set(number, signal.SIG_IGN if ends else self.arrived if callable(handler) else handler)
            if number == SIGPIPE:
                self.ends_by_pipes = ends
            if callable(handler):
                self.handlers[number] = handler
            else:
                self.handlers.pop(number, None)
                self.forget(number)
            return before

    def installed(self, number):
        handler = self.get(number)
        if handler == signal.SIG_IGN and number == SIGPIPE and self.ends_by_pipes:
            return signal.SIG_DFL
        return self.handlers.get(number) if handler == self.arrived else handler

    def arrived(self, number, frame):
        inside, user = surroundings(frame)
        if inside:
            if number not in self.pending:
                self.pending.append(number)
                self.start_reminding()
            return
        self.settle(number)
        handler = self.handlers.get(number)
        if handler is None:
            return
        # what is interrupted where another handler is about to be called is what that has interrupted
        while frame is not None and frame.f_code in HANDLING:
            frame = frame.f_back
        try:
            call_handler(handler, number, frame)
        except Exception:
            if user:
                raise
            # there is nobody whom it could concern
            complain('the handler of signal %d failed:\n%s' % (number, describe(exc_info()[1])['stack']))

    def settle(self, number):
        """The handler is about to run: it waits no more."""
        if number in self.pending:
            with self.own_lock():
                # a reminder that is on its way arrives in these calls, and is no second signal as long as the number waits
                nothing()
                nothing()
                self.forget(number)

    def own_lock(self):
        if getpid() != PID:
            # the parent's may have been taken by a thread that is not here
            self.lock = Lock()
        return self.lock

    def forget(self, number):
        if number in self.pending:
            self.pending.remove(number)

    def are_awaited(self):
        """Whether this is the thread that handlers run in, and there are some besides the one for interrupts."""
        return len(self.handlers) > 1 and get_ident() == MAIN_THREAD

    def deliver(self):
        """Calls what has waited, where nothing is half done; what the handlers raise comes out of it."""
        if get_ident() == MAIN_THREAD:
            while self.pending:
                self.arrived(self.pending[0], sys._getframe())

    def start_reminding(self):
        try:
            start_new_thread(self.remind, ())
        except Exception:
            # the system gives no more threads: then when the main thread comes by
            pass

    def remind(self):
        """A thread: the main one may be back in code of the user, which does not call this program again."""
        delay = REMINDER
        while True:
            sleep(delay)
            delay = min(delay * 2, MAX_REMINDER)
            if not self.pending:
                return
            # not after the user has set another handler, or none, which could end the process
            with self.lock:
                if self.pending:
                    kill(getpid(), self.pending[0])


def surroundings(frame):
    """Whether a frame belongs to this program, where nothing may be raised, and whether code of the user waits for it to return."""
    inside = None
    while frame is not None:
        if frame.f_code.co_filename == PROGRAM:
            if inside is None:
                inside = frame.f_code not in INTERRUPTIBLE
            if inside or frame.f_code in CALLERS:
                return inside, True
        frame = frame.f_back
    if inside is None:
        # a greenlet of the user, or what runs when all is over
        return False, not (SIGNALS.is_own and SIGNALS.is_own())
    return False, False


def call_handler(handler, number, frame):
    """Apart, as other signals may interrupt a handler."""
    handler(number, frame)


def nothing():
    """Handlers of signals that have come run at the start of a function, but inside of one that Python 2 runs: there in this."""
    repr(None)


def codes(*functions):
    return frozenset([function.__code__ for function in functions])


HANDLING = codes(Signals.arrived, call_handler)
SIGPIPE = getattr(signal, 'SIGPIPE', None)
MAIN_THREAD = get_ident()
SIGNALS = Signals()
