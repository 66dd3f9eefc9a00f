class Gateway(object):
    """What remote code sees of the gateway that it runs in."""

    def __init__(self, link, id, execmodel):
        self._link = link
        self.execmodel = execmodel
        self.id = id

    def newchannel(self):
        """A new channel, which becomes useful when it is sent to the other end over another."""
        need_frames()
        return self._link.new_channel()

    def __repr__(self):
        return '<Gateway %s, %s model, %d active channels>' % (self.id, self.execmodel, len(self._link.states))


class Later(object):
    """Does one thing after the other, in a thread of its own while there is something to do. May be called from anywhere, and never waits."""

    def __init__(self):
        self.work = deque()
        self.busy = allocate_lock()
        # what is still to be done with them
        self.states = []

    def do(self, state, work):
        self.states.append(state)
        self.work.append((state, work))
        if self.busy.acquire(False):
            try:
                # what the library starts is waited for, and might wait for a lock that is held here
                start_new_thread(self.run, ())
            except Exception:
                # the system gives no more threads: it is done with what comes next
                self.busy.release()

    def run(self):
        # what the collector calls here would wait for what is done here
        AMID.append(get_ident())
        try:
            while True:
                try:
                    while self.work:
                        self.one(*self.work.popleft())
                finally:
                    self.busy.release()
                if not self.work or not self.busy.acquire(False):
                    return
        finally:
            AMID.remove(get_ident())

    def one(self, state, work):
        try:
            work()
        except Cancelled:
            pass
        except Exception:
            # as what is raised in `__del__`
            complain('what was called in the midst of something else failed: %s' % message_of(exc_info()[1]))
        self.states.remove(state)
        state.link.enter()
        try:
            while state.close_waiters:
                state.close_waiters.pop().set()
        finally:
            state.link.leave()


class Link(object):
    """The connection, the serializer and the channels."""

    def __init__(self, output, id, execmodel):
        self.output = output
        self.lock = Lock()
        self.enter = self.lock.acquire
        self.later = Later()
        self.budget = Budget()
        self.states = {}
        self.gone = {}
        self.gone_order = deque()
        self.dropped = deque()
        self.strings = (True, False)
        self.dumper = Dumper(self)
        self.loader = Loader(self)
        self.gateway = Gateway(self, id, execmodel)
        self.model = None
        # what executes, by the thread or greenlet that does
        self.running = {}
        self.ended = None
        # how many channels are held, see hold()
        self.held = 0
        self.next_id = 512

    def leave(self):
        self.lock.release()
        # what the collector has dropped meanwhile, in this thread or another
        while len(self.dropped) > 0 and self.lock.acquire_now():
            try:
                while self.dropped:
                    self.abandon(self.dropped.popleft())
            finally:
                self.lock.release()

    def refuse_amid(self, what):
        if self.model.is_amid():
            raise RuntimeError('%s is called, by the collector or a profiler, where this thread is in the midst of sending or receiving: it would wait for itself' % what)

    # --- the table

    def add(self, id):
        state = State(id, self)
        self.states[id] = state
        if self.ended is not None:
            state.finish(self.ended)
        return state

    def facade(self, state):
        channel = state.facade and state.facade()
        if channel is None:
            channel = Channel(state)
            state.facade = weakref.ref(channel)
        return channel

    def new_channel(self):
        self.refuse_amid('newchannel()')
        self.output.relieve()
        self.enter()
        try:
            while self.next_id in self.states:
                self.advance()
            state = self.add(self.next_id)
            self.advance()
            return self.facade(state)
        finally:
            self.leave()

    def advance(self):
        self.next_id += 512
        if self.next_id > 0x7fffffff:
            self.next_id = 512

    def find(self, id):
        """The channel with this id, which came inside an item: a closed one if it was closed meanwhile."""
        if id <= 0:
            raise LoadError('%d is no channel id' % id)
        self.enter()
        try:
            state = self.states.get(id)
            if state is None:
                if self.gone.get(id):
                    state = State(id, self)
                    state.end = state.send_closed = Ending('channel %d is closed' % id)
                    state.closed = True
                    return Channel(state)
                state = self.add(id)
            channel = self.facade(state)
            state.nested = True
            self.release(state)
            if state.unread:
                state.unread = False
                state.forget()
            return channel
        finally:
            self.leave()

    def forget(self, state):
        if self.states.pop(state.id, None) is None:
            return
        self.release(state)
        self.remember(state.id, state.nested)

    def remember(self, id, nested):
        if id not in self.gone:
            self.gone_order.append(id)
            if len(self.gone_order) > REMEMBERED:
                self.gone.pop(self.gone_order.popleft(), None)
        self.gone[id] = nested

    def hold(self, id):
        """The state for a channel of the peer that is used before it was announced; None if it is closed already."""
        if id % 2 == 0 or id in self.gone:
            return None
        if self.held >= MAX_HELD:
            raise ProtocolError('the peer uses more than %d channels that it never announced' % MAX_HELD)
        state = self.add(id)
        state.unread = state.nested = state.held = True
        self.held += 1
        return state

    def release(self, state):
        if state.held:
            state.held = False
            self.held -= 1

    def drop(self, state):
        """Nobody holds the channel any more. Called by the collector: at any place, also inside of what holds a lock."""
        self.dropped.append(state)
        # without it: whoever leaves next does it
        need_frames()
        if self.lock.acquire_now():
            self.leave()

    def abandon(self, state):
        for id in state.announced or ():
            other = self.states.get(id)
            if other is not None and other.facade is None:
                other.unread = False
                self.abandon(other)
        if state.closed:
            state.forget()
            return
        facade = state.facade and state.facade()
        if facade is not None or self.ended is not None:
            return
        state.facade = None
        if state.callback is not None:
            if state.send_closed is None:
                state.finish_sending(Ending('the channel is gone'))
                self.output.post(frame(CHANNEL_LAST_MESSAGE, state.id))
            return
        self.output.post(frame(CHANNEL_CLOSE, state.id))
        state.finish(Ending('the channel is gone'))

    # --- what user code does

    def load(self, state, data):
        return self.loader.load(data, state.strings)

    def grant(self, state, size):
        if size > 0 and state.end is None:
            self.output.post(frame(CREDIT, state.id, INT.pack(size)))

    def dump_error(self, data):
        try:
            return self.dumper.dump(data)[0]
        except Exception:
            return self.dumper.dump(describe('it failed with an error that can not be sent'))[0]

    def close(self, state, error=None):
        payload = None if error is None else self.dump_error(describe(error))
        self.output.relieve()
        self.enter()
        try:
            if state.closed:
                return
            state.ended = True
            state.finish(Ending('channel %d is closed' % state.id))
        finally:
            self.leave()
        self.output.post(frame(CHANNEL_CLOSE, state.id) if payload is None else frame(CHANNEL_CLOSE_ERROR, state.id, payload))

    def fail(self, state, error):
        """Closes a channel whose callback can't be called. Called with the lock held."""
        if state.closed:
            complain('the callback of channel %d was not called: %s' % (state.id, error))
            return
        state.items.clear()
        state.finish(Ending('channel %d is closed' % state.id))
        self.output.post(frame(CHANNEL_CLOSE_ERROR, state.id, self.dump_error(describe(error))))

    def run_callback(self, state):
        """Calls the callback of a channel for what has arrived. One thread at a time does so for a channel."""
        state.pumper = self.model.key()
        while True:
            self.enter()
            try:
                callback = state.callback
                if state.items:
                    data, cost = state.items.popleft()
                    if not state.items:
                        state.announced = None
                    grant = state.window.consumed(cost, True)
                    over = False
                else:
                    over = state.end is not None and callback is not None
                    grant = 0
                    if not over:
                        state.pumping = False
                        if state.end is not None:
                            state.wake()
                        return
                    state.callback = None
            finally:
                self.leave()
            self.grant(state, grant)
            try:
                if over:
                    if state.endmarker is not None:
                        call_back(callback, state.endmarker[0])
                    continue
                call_back(callback, self.load(state, data))
            except:  # noqa: E722
                error = exc_info()[1]
                if over:
                    complain('the callback of channel %d failed at its end marker:\n%s' % (state.id, describe(error)['stack']))
                    continue
                # a callback that fails fails its channel: the other end is told
                state.items.clear()
                self.close(state, error)

    # --- what arrives; called by the receiver

    def data(self, state, payload):
        cost = len(payload) + HEADER_SIZE
        grant = state.window.arrived(cost, 0, state.reading)
        state.arrive(payload, cost)
        return grant

    def fragment(self, state, payload, first):
        cost = len(payload) + HEADER_SIZE
        if first:
            if state.assembly is not None:
                raise ProtocolError('an item begins inside another on the same channel')
            if len(payload) < 4:
                raise ProtocolError('a first fragment without a size arrived')
            size = UINT.unpack(payload[:4])[0]
            if size == 0 or size > MAX_FRAME:
                raise ProtocolError('an item of %d bytes is announced; at most %d are accepted' % (size, MAX_FRAME))
            state.assembly = Assembly(size)
            payload = payload[4:]
        elif state.assembly is None:
            raise ProtocolError('a fragment without a first one arrived')
        assembly = state.assembly
        assembly.add(payload, cost)
        grant = state.window.arrived(cost, assembly.missing_cost, state.reading)
        if assembly.fill == assembly.size:
            state.assembly = None
            state.arrive(b''.join(assembly.parts), assembly.cost)
        return grant

    def announce(self, id, carrier):
        """The next item on `carrier` holds the channel `id`, and frames for it may come before that item is read."""
        if id <= 0:
            raise ProtocolError('BIND with the value %d' % id)
        state = self.states.get(id)
        if state is not None and state.held:
            self.release(state)
        elif state is not None or self.gone.get(id):
            return
        else:
            state = self.add(id)
        state.unread = state.nested = True
        state.service = carrier.service
        if carrier.closed:
            state.unread = False
            self.abandon(state)
            return
        if carrier.announced is None:
            carrier.announced = set()
        carrier.announced.add(id)

    def lose(self, id):
        """The item that holds the channel `id` is for one that is closed: nobody will have it."""
        state = self.states.get(id)
        if id % 2 == 0 or self.gone.get(id) or (state is not None and not state.held):
            return
        self.output.post(frame(CHANNEL_CLOSE, id))
        if state is None:
            self.remember(id, True)
        else:
            state.unread = False
            state.finish(Ending('the channel is gone'))

    def end(self, reason):
        self.enter()
        try:
            self.ended = reason
            for state in list(self.states.values()):
                state.finish(reason)
        finally:
            self.leave()

    def cancel(self, task, reason):
        """Makes what an execution does with channels raise. Called with the lock held."""
        state = task.state
        if state.cancelled is None:
            state.cancelled = reason
            state.wake()
            while state.senders:
                state.senders.pop().set()
            latch = task.latch
            if latch is not None:
                latch.set()


def call_back(callback, value):
    """Apart, for who looks whether code of the user runs."""
    try:
        callback(value)
    except:  # noqa: E722
        if getpid() != PID:
            end_child(*exc_info()[1:])
        raise
    if getpid() != PID:
        end_child()
