class Output(object):
    """Where frames go. Whoever writes holds the lock and then sends on what others have left meanwhile."""

    def __init__(self, fd):
        self.fd = fd
        self.lock = Lock()
        self.box = deque()
        self.lost = False

    def write(self, *parts):
        """Writes now, and waits until the system has taken it. Fails when the connection is gone."""
        with self.lock:
            try:
                self.drain()
                if not self.lost:
                    write_all(self.fd, *parts)
            except (IOError, OSError):
                self.lost = True
            if self.lost:
                raise IOError('the connection to the local end is lost')
        if self.box:
            self.pump()

    def post(self, frame):
        """Writes a frame, or leaves it to the thread that writes at the moment; never waits for another thread, and may be called from anywhere."""
        if getpid() != PID:
            # a child that code of the user has forked: the connection is none of its own
            return
        self.box.append(frame)
        self.pump()

    def relieve(self):
        """Waits while another thread stands in a write and many frames are left for it: the other end may not be reading. Not for the receiver."""
        if len(self.box) > 256:
            with self.lock:
                self.drain()

    def pump(self):
        # who finds the lock taken leaves it to its holder, who looks again when it has let go; a number, as Jython looks twice at what is empty before "and"
        while len(self.box) > 0 and self.lock.acquire_now():
            try:
                self.drain()
            finally:
                self.lock.release()

    def drain(self):
        box = self.box
        while box:
            frames = []
            while box and len(frames) < 64:
                frames.append(box.popleft())
            try:
                if not self.lost:
                    write_all(self.fd, b''.join(frames))
            except (IOError, OSError):
                self.lost = True

    @property
    def unread(self):
        while True:
            try:
                return sum([len(frame) for frame in list(self.box)])
            except RuntimeError:
                # where threads run in parallel another one has changed it meanwhile
                pass


def frame(code, channel, payload=b''):
    return HEADER.pack(code, channel, len(payload)) + payload


class Input(object):
    """Reads frames. The only one who reads the descriptor."""

    def __init__(self, fd):
        self.fd = fd
        self.buffer = b''
        self.pos = 0
        # counts what has come, for leases
        self.heard = 0
        # the same, where another process sees it
        self.counter = None

    def more(self, size):
        data = read_some(self.fd, size)
        if not data:
            raise EOFError()
        self.heard += 1
        if self.counter is not None:
            self.counter[:4] = UINT.pack(self.heard & 0xffffffff)
        return data

    def next(self):
        """The next frame: code, channel, payload. EOFError at the end."""
        while True:
            buffer, pos = self.buffer, self.pos
            have = len(buffer) - pos
            if have >= HEADER_SIZE:
                code, channel, size = HEADER.unpack(buffer[pos:pos + HEADER_SIZE])
                if code > SERVICE or code < 0 or channel < 0 or size < 0 or size > MAX_FRAME:
                    raise ProtocolError('a frame with code %d, channel %d and %d bytes is none of this protocol' % (code, channel, size))
                pos += HEADER_SIZE
                have -= HEADER_SIZE
                if have >= size:
                    self.pos = pos + size
                    return code, channel, buffer[pos:pos + size]
                if size > READ_SIZE:
                    return code, channel, self.large(buffer[pos:], size)
            self.buffer = buffer[self.pos:] + self.more(READ_SIZE)
            self.pos = 0

    def large(self, begun, size):
        parts = [begun]
        left = size - len(begun)
        while left > 0:
            # never more than this frame, and a hostile size alone reserves nothing
            part = self.more(min(left, FRAGMENT_SIZE))
            parts.append(part)
            left -= len(part)
        self.buffer, self.pos = b'', 0
        return b''.join(parts)
