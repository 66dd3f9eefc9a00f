class State(object):
    """What the link knows about one channel. All of it is guarded by the lock of the link."""

    __slots__ = ('id', 'link', 'facade', 'window', 'items', 'assembly', 'waiters', 'close_waiters', 'credit', 'sending', 'senders',
                 'send_closed', 'end', 'closed', 'cancelled', 'noticed', 'callback', 'endmarker', 'pumping', 'strings', 'execution', 'unread',
                 'nested', 'announced', 'service', 'held')

    def __init__(self, id, link):
        self.id = id
        self.link = link
        self.facade = None
        self.window = Window(link.budget)
        self.items = deque()
        self.assembly = None
        # lists: a deque takes half a kilobyte, and most channels have nobody who waits
        self.waiters = []
        self.close_waiters = []
        self.credit = INITIAL_WINDOW
        # a sender is between the parts of its item; further ones wait
        self.sending = False
        self.senders = []
        self.send_closed = None
        # why nothing will arrive any more
        self.end = None
        self.closed = False
        # the execution behind the channel is to end; it has noticed
        self.cancelled = None
        self.noticed = False
        self.callback = None
        self.endmarker = None
        self.pumping = False
        self.strings = link.strings
        self.execution = False
        self.unread = False
        self.nested = False
        self.announced = None
        # it belongs to a service, which status does not count
        self.service = False
        # frames came for it, and nobody has said yet what it is
        self.held = False

    @property
    def reading(self):
        return bool(self.waiters) or (self.callback is not None and not self.pumping)

    # what follows is called with the lock held

    def arrive(self, data, cost):
        self.items.append((data, cost))
        if self.waiters:
            self.waiters.pop(0).set()
        elif self.callback is not None:
            self.pump()

    def pump(self):
        if not self.pumping:
            self.pumping = True
            try:
                self.link.model.background(lambda: self.link.run_callback(self))
            except Exception:
                self.pumping = False
                self.callback = None
                self.link.fail(self, sys.exc_info()[1])

    def finish_receiving(self, reason):
        if self.end is not None:
            return
        self.end = reason
        self.assembly = None
        self.window.close()
        self.wake()
        if self.callback is not None:
            self.pump()

    def wake(self):
        for waiters in (self.waiters, self.close_waiters):
            while waiters:
                waiters.pop().set()

    def finish_sending(self, reason):
        if self.send_closed is None:
            self.send_closed = reason
        while self.senders:
            self.senders.pop().set()

    def finish(self, reason):
        self.finish_receiving(reason)
        self.finish_sending(reason)
        self.closed = True
        self.forget()

    def forget(self):
        if self.closed and not self.unread:
            self.link.forget(self)

    def check(self):
        """Fails if the execution of this channel, or the one that runs here, is to end."""
        state = self
        if state.cancelled is None:
            task = self.link.running.get(self.link.model.key())
            if task is None or task.state.cancelled is None:
                return
            state = task.state
        state.noticed = True
        if JYTHON:
            # an interrupt on its way means the same
            Thread.interrupted()
        raise Cancelled(state.cancelled)

    # what follows is called without it

    def wait(self, waiters, timeout, ready):
        """Waits until `ready()`; False when `timeout` seconds have passed before."""
        deadline = None if timeout is None else clock() + timeout
        while True:
            self.link.enter()
            try:
                self.check()
                if ready():
                    return True
                left = None if deadline is None else deadline - clock()
                if left is not None and left <= 0:
                    return False
                latch = self.link.model.latch()
                waiters.append(latch)
                grant = self.window.wanted() if waiters is self.waiters else 0
                task = self.link.running.get(self.link.model.key())
                if task is not None:
                    task.latch = latch
            finally:
                self.link.leave()
            self.link.grant(self, grant)
            woken = False
            try:
                woken = latch.wait(left)
            finally:
                if task is not None:
                    task.latch = None
                if not woken or (task is not None and task.state.cancelled is not None):
                    self.give_up(waiters, latch)

    def give_up(self, waiters, latch):
        self.link.enter()
        try:
            if latch in waiters:
                waiters.remove(latch)
            elif waiters:
                # it was set at the same moment: what it was set for is for the next one
                waiters[0].set()
                del waiters[0]
        finally:
            self.link.leave()

    def receive(self, timeout):
        items = self.items
        while True:
            self.link.enter()
            try:
                self.check()
                if items:
                    data, cost = items.popleft()
                    if not items:
                        self.announced = None
                    grant = self.window.consumed(cost, self.reading)
                    break
                if self.callback is not None:
                    raise IOError('%r has a callback, which gets what arrives' % self.link.facade(self))
                if self.end is not None:
                    raise self.end.error(self)
            finally:
                self.link.leave()
            if not self.wait(self.waiters, timeout, lambda: items or self.end is not None):
                raise TimeoutError('nothing arrived on channel %d within %s s' % (self.id, timeout))
        self.link.grant(self, grant)
        return data

    def check_sending(self):
        self.check()
        if self.send_closed is not None:
            if self.send_closed.failed:
                raise self.send_closed.error(self)
            error = SendClosed('nothing can be sent: %s' % self.send_closed.message)
            error.state = self
            raise error

    def send(self, data, carried=()):
        """Sends the bytes of one item; waits for room."""
        size = len(data)
        head = b''.join([frame(BIND, self.id, INT.pack(id)) for id in carried])
        cost = size + HEADER_SIZE
        self.link.enter()
        try:
            self.check_sending()
            direct = not self.sending and size <= FRAGMENT_SIZE and cost <= self.credit
            if direct:
                self.credit -= cost
        finally:
            self.link.leave()
        if direct:
            self.link.output.write(head + HEADER.pack(CHANNEL_DATA, self.id, size) + data)
        else:
            self.send_parts(data, head)

    def send_parts(self, data, head):
        """Sends an item that is too large for a frame, or for the credit there is."""
        self.wait_for_turn()
        try:
            size = len(data)
            if size <= FRAGMENT_SIZE and self.take_credit(size + HEADER_SIZE, wait=size == 0):
                self.link.output.write(head + HEADER.pack(CHANNEL_DATA, self.id, size) + data)
                return
            view = memoryview(data)
            sent = min(self.wait_for_credit(HEADER_SIZE + 5) - HEADER_SIZE - 4, LEAST_FRAGMENT, size)
            self.take_credit(sent + 4 + HEADER_SIZE)
            first = UINT.pack(size) + view[:sent].tobytes()
            self.link.output.write(head + HEADER.pack(FRAGMENT_FIRST, self.id, len(first)) + first)
            while sent < size:
                least = min(LEAST_FRAGMENT, size - sent)
                part = min(self.wait_for_credit(least + HEADER_SIZE) - HEADER_SIZE, FRAGMENT_SIZE, size - sent)
                self.take_credit(part + HEADER_SIZE)
                self.link.output.write(HEADER.pack(FRAGMENT, self.id, part), view[sent:sent + part])
                sent += part
        finally:
            self.link.enter()
            try:
                self.sending = False
                if self.senders:
                    self.senders.pop(0).set()
            finally:
                self.link.leave()

    def wait_for_turn(self):
        def free():
            self.check_sending()
            if self.sending:
                return False
            self.sending = True
            return True

        self.wait(self.senders, None, free)

    def take_credit(self, cost, wait=False):
        if wait:
            self.wait_for_credit(cost)
        self.link.enter()
        try:
            self.check_sending()
            if cost > self.credit:
                return False
            self.credit -= cost
            return True
        finally:
            self.link.leave()

    def wait_for_credit(self, least):
        """Waits until `least` bytes may be sent; returns how many may. Only the sender whose turn it is waits here."""
        def enough():
            self.check_sending()
            return self.credit >= least

        self.wait(self.close_waiters, None, enough)
        return self.credit
