class Channel(object):
    """One end of a bidirectional, ordered, flow-controlled stream of values. Any thread may use it."""

    RemoteError = RemoteError
    TimeoutError = TimeoutError
    Cancelled = Cancelled

    def __init__(self, state):
        self._state = state

    @property
    def id(self):
        return self._state.id

    @property
    def gateway(self):
        return self._state.link.gateway

    def __repr__(self):
        return '<Channel id=%d %s>' % (self.id, 'closed' if self._state.closed else 'open')

    def isclosed(self):
        """Nothing can be sent any more; what has arrived may still be received."""
        return self._state.closed

    def send(self, item):
        """Sends a value; waits while the other end has no room for it. IOError if the channel is closed."""
        need_frames()
        state = self._state
        link = state.link
        if link.model.is_amid():
            # what is to be sent is what it is now
            data, carried = link.dumper.dump(item)
            link.later.do(state, lambda: state.send(data, carried))
            return
        state.catch_up()
        data, carried = link.dumper.dump(item)
        state.send(data, carried)

    def receive(self, timeout=None):
        """The next value. EOFError when the other end has closed the channel, RemoteError if it failed, TimeoutError after `timeout` seconds."""
        need_frames()
        state = self._state
        state.link.refuse_amid('receive()')
        if SIGNALS.pending:
            SIGNALS.deliver()
        return state.link.load(state, state.receive(timeout))

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.receive()
        except EOFError:
            raise StopIteration

    next = __next__

    def setcallback(self, callback, endmarker=Cancelled):
        """From now on calls `callback` with each value, what has arrived already included, and at the end with `endmarker` if one is given.
        Calls of one channel come one after the other; a slow one holds up its own channel only."""
        need_frames()
        state = self._state
        link = state.link
        link.refuse_amid('setcallback()')
        link.enter()
        try:
            if state.callback is not None:
                raise IOError('%r has a callback already' % self)
            state.callback = callback
            state.endmarker = (endmarker,) if endmarker is not Cancelled else None
            grant = state.window.wanted()
            if state.items or state.end is not None:
                state.pump()
        finally:
            link.leave()
        link.grant(state, grant)

    def end(self):
        """Sends nothing more: the other end receives what was sent before, and then its iteration ends. Receiving here goes on.
        Waits for what other threads are sending. IOError if the other end has closed the channel; what was ended, or closed, here may be ended again."""
        need_frames()
        self._state.in_turn(self._state.end_sending)

    def close(self, error=None):
        """Closes both directions. With an error, a text or an exception, who receives at the other end gets it as RemoteError."""
        need_frames()
        state = self._state
        state.in_turn(lambda: state.link.close(state, error))

    def waitclose(self, timeout=None):
        """Waits until the other end sends no more. Raises what the other end failed with, or TimeoutError."""
        need_frames()
        state = self._state
        link = state.link
        link.refuse_amid('waitclose()')
        if state.wait(state.close_waiters, timeout, lambda: state.over):
            if state.end.failed:
                raise state.end.error(state)
            return
        raise TimeoutError('channel %d was not closed within %s s' % (self.id, timeout))

    def reconfigure(self, py2str_as_py3str=True, py3str_as_py2str=False):
        """How strings of the other generation of Python arrive here and there, on this channel."""
        need_frames()
        state = self._state
        state.link.refuse_amid('reconfigure()')
        state.link.output.relieve()
        state.strings = (bool(py2str_as_py3str), bool(py3str_as_py2str))
        state.link.output.post(frame(RECONFIGURE, state.id, flags_of(state.strings)))

    def makefile(self, mode='w', proxyclose=False):
        """A file over the channel: `w` sends what is written, `r` reads strings, or bytes, that arrive."""
        if mode == 'w':
            return ChannelFileWrite(self, proxyclose)
        if mode == 'r':
            return ChannelFileRead(self, proxyclose)
        raise ValueError('the mode of makefile is "w" or "r", not %r' % (mode,))

    def __del__(self):
        try:
            state = self._state
            facade = state.facade
            # CPython clears weak references after this, others before
            if facade is not None and facade() in (None, self):
                state.facade = None
            if not state.closed or state.announced:
                state.link.drop(state)
        except Exception:
            # the interpreter is on its way out
            pass


def flags_of(strings):
    return struct.pack('B', (1 if strings[0] else 0) | (2 if strings[1] else 0))
