class State(object):
    """What the link knows about one channel. All of it is guarded by the lock of the link."""

    __slots__ = ('id', 'link', 'facade', 'window', 'items', 'assembly', 'waiters', 'close_waiters', 'credit', 'sending', 'senders',
                 'send_closed', 'end', 'closed', 'cancelled', 'noticed', 'callback', 'endmarker', 'pumping', 'pumper', 'strings', 'execution', 'unread',
                 'nested', 'announced', 'service', 'held', 'ended', 'closed_there')

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
        # by this end, which goes on receiving
        self.ended = False
        # why nothing will arrive any more
        self.end = None
        self.closed = False
        # by the other end
        self.closed_there = False
        # the execution behind the channel is to end; it has noticed
        self.cancelled = None
        self.noticed = False
        self.callback = None
        self.endmarker = None
        # it is called, or about to be, by what runs under that key
        self.pumping = False
        self.pumper = None
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

    @property
    def over(self):
        """Nothing arrives any more, and the callback has been called for all that did; who asks that inside of it does not wait for itself."""
        return self.end is not None and (not self.pumping or self.pumper == self.link.model.key())

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
                self.link.fail(self, exc_info()[1])

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
        refuse_forked()
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
                # not the first one if the handler of a signal waits inside of a wait
                outer = task and task.latch
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
                    task.latch = outer
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

    def in_turn(self, work):
        """Does it behind what was put off; where this thread is in the midst of something, it is put off itself."""
        if self.link.model.is_amid():
            self.link.later.do(self, work)
        else:
            self.catch_up()
            work()

    def catch_up(self):
        """Waits until what was put off has been sent."""
        if SIGNALS.pending:
            SIGNALS.deliver()
        states = self.link.later.states
        if self in states:
            self.wait(self.close_waiters, None, lambda: self not in states)

    def check_sending(self):
        self.check()
        if self.send_closed is not None:
            raise self.closed_for_sending()

    def closed_for_sending(self):
        if self.send_closed.failed:
            return self.send_closed.error(self)
        error = SendClosed('nothing can be sent: %s' % self.send_closed.message)
        error.__state__ = self
        return error

    def send(self, data, carried=()):
        """Sends the bytes of one item; waits for room."""
        refuse_forked()
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
            item = Item(self, data, head)
            try:
                waits = not item.advance()
            except BaseException:
                self.pass_turn()
                # who is to end hears of that first
                self.check()
                raise
            if not waits:
                self.pass_turn()
                return
            try:
                self.link.model.background(item.run)
            except Exception:
                # the system gives no more threads
                item.run()
        finally:
            AMID.remove(self.link.model.key())
        try:
            self.wait(item.waiters, None, lambda: item.over)
        finally:
            item.withdraw()
        if item.error is not None:
            self.check()
            raise item.error

    def end_sending(self):
        """Sends nothing more, behind what other threads are sending."""
        def end():
            if self.ended:
                return True
            self.check_sending()
            if self.sending:
                return False
            self.ended = True
            if self.end is not None and not self.execution:
                # the other end has sent its last, too
                self.finish(Ending('channel %d is closed: both ends have ended it' % self.id))
                self.link.output.post(frame(CHANNEL_CLOSE, self.id))
                return True
            self.finish_sending(Ending('channel %d was ended: nothing can be sent after end()' % self.id))
            self.link.output.post(frame(CHANNEL_LAST_MESSAGE, self.id))
            return True

        self.link.output.relieve()
        self.wait(self.senders, None, end)

    def wait_for_turn(self):
        """On return this thread, or greenlet, is in the midst of sending."""
        def free():
            self.check_sending()
            if self.sending:
                return False
            AMID.append(self.link.model.key())
            self.sending = True
            return True

        self.wait(self.senders, None, free)

    def pass_turn(self):
        self.link.enter()
        try:
            self.sending = False
            if self.senders:
                self.senders.pop(0).set()
        finally:
            self.link.leave()


class Item(object):
    """
    An item on its way that the other end has no room for at the moment. What sends the rest of it as there is room is a thread of its own: who sends it
    may be interrupted, by a signal or because its execution is to end, and an item that has begun has to be completed.
    """

    __slots__ = ('state', 'channel', 'data', 'head', 'size', 'sent', 'begun', 'withdrawn', 'over', 'error', 'waiters')

    def __init__(self, state, data, head):
        self.state = state
        # who drops the channel meanwhile does not close it
        self.channel = state.facade and state.facade()
        self.data = data
        self.head = head
        self.size = len(data)
        self.sent = 0
        self.begun = False
        self.withdrawn = False
        self.over = False
        self.error = None
        self.waiters = []

    def least(self):
        """The credit that the next frame needs."""
        if self.begun:
            return HEADER_SIZE + min(LEAST_FRAGMENT, self.size - self.sent)
        return HEADER_SIZE + (5 if self.size else 0)

    def advance(self):
        """Sends what there is credit for, and returns whether that was the rest. Only for who has the turn."""
        state, size = self.state, self.size
        output = state.link.output
        while True:
            state.link.enter()
            try:
                if self.withdrawn:
                    return True
                if not self.begun:
                    state.check_sending()
                elif state.send_closed is not None:
                    raise state.closed_for_sending()
                if state.credit < self.least():
                    return False
                whole = not self.begun and size <= FRAGMENT_SIZE and size + HEADER_SIZE <= state.credit
                if whole:
                    part = size
                elif self.begun:
                    part = min(state.credit - HEADER_SIZE, FRAGMENT_SIZE, size - self.sent)
                else:
                    part = min(state.credit - HEADER_SIZE - 4, LEAST_FRAGMENT, size)
                first = not whole and not self.begun
                state.credit -= part + HEADER_SIZE + (4 if first else 0)
                self.begun = True
            finally:
                state.link.leave()
            if whole:
                output.write(self.head + HEADER.pack(CHANNEL_DATA, state.id, size) + self.data)
                return True
            view = memoryview(self.data)[self.sent:self.sent + part]
            self.sent += part
            if first:
                start = UINT.pack(size) + view.tobytes()
                output.write(self.head + HEADER.pack(FRAGMENT_FIRST, state.id, len(start)) + start)
            else:
                output.write(HEADER.pack(FRAGMENT, state.id, part), view)
            if self.sent == size:
                return True

    def run(self):
        """Sends all of it, as there is room, and gives the turn away."""
        state = self.state
        key = state.link.model.key()
        AMID.append(key)
        try:
            try:
                while not self.advance():
                    self.wait_for_room()
            except BaseException:
                self.error = exc_info()[1]
                if self.begun:
                    state.link.close(state, self.error)
            state.pass_turn()
        finally:
            AMID.remove(key)
        state.link.enter()
        try:
            self.over = True
            while self.waiters:
                self.waiters.pop().set()
        finally:
            state.link.leave()

    def wait_for_room(self):
        state = self.state
        state.link.enter()
        try:
            if self.withdrawn or state.send_closed is not None or state.credit >= self.least():
                return
            latch = state.link.model.latch()
            state.close_waiters.append(latch)
        finally:
            state.link.leave()
        latch.wait()

    def withdraw(self):
        """Who sends it waits no longer: it is not sent if it has not begun."""
        if self.over:
            return
        state = self.state
        state.link.enter()
        try:
            if not self.begun:
                self.withdrawn = True
                while state.close_waiters:
                    state.close_waiters.pop().set()
        finally:
            state.link.leave()
