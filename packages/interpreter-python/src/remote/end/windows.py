class Budget(object):
    """The memory that all channels share for windows above the initial one. A channel may take half of what is left, so that stalled ones
    never take everything (Choudhury and Hahne, 1998)."""

    def __init__(self):
        self.committed = 0

    def take(self, size, reading):
        if size > ((LINK_BUDGET if reading else UNREAD_BUDGET) - self.committed) // 2:
            return False
        self.committed += size
        return True


class Window(object):
    """The receiving half of flow control for one channel. Methods return how many bytes to grant to the peer now."""

    __slots__ = ('budget', 'window', 'extra', 'available', 'unread', 'read', 'missing', 'closed')

    def __init__(self, budget):
        self.budget = budget
        self.window = INITIAL_WINDOW
        self.extra = 0
        # what the peer may still send, what arrived and was not consumed, what was consumed since the window was enlarged
        self.available = INITIAL_WINDOW
        self.unread = 0
        self.read = 0
        # what is still to come of an item of which parts have arrived
        self.missing = 0
        self.closed = False

    def arrived(self, cost, missing, reading):
        self.available -= cost
        if self.available < 0:
            raise ProtocolError('the peer sent %d bytes more than it had credit for' % -self.available)
        self.unread += cost
        self.missing = missing
        if self.available < self.window // 2 and self.window < MAX_WINDOW:
            if self.budget.take(self.window, reading or self.read >= self.window):
                self.window *= 2
                self.read = 0
        return self.grant(reading)

    def consumed(self, cost, reading):
        self.unread -= cost
        self.read += cost
        return 0 if self.closed else self.grant(reading)

    def wanted(self):
        return self.grant(True) if self.missing > self.available else 0

    def close(self):
        if not self.closed:
            self.closed = True
            self.budget.committed -= self.window - INITIAL_WINDOW + self.extra

    def grant(self, reading):
        if self.extra > 0 and self.missing == 0 and self.unread + self.available <= self.window:
            self.budget.committed -= self.extra
            self.extra = 0
        grant = self.window - self.unread - self.available
        if grant < self.window // 2:
            grant = 0
        short = self.missing - self.available - grant
        if short > 0:
            grant += self.reserve(short, reading)
        elif self.missing == 0 and self.available + grant < ANNOUNCEMENT:
            grant += self.reserve(ANNOUNCEMENT, False)
        self.available += grant
        return grant

    def reserve(self, short, reading):
        if reading:
            self.budget.committed += short
        elif not self.budget.take(short, False):
            return 0
        self.extra += short
        return short


class Assembly(object):
    """An item whose parts arrive one after the other."""

    def __init__(self, size):
        self.size = size
        self.parts = []
        self.fill = 0
        self.cost = 0

    def add(self, part, cost):
        self.fill += len(part)
        if self.fill > self.size:
            raise ProtocolError('the fragments of an item are longer than it')
        self.parts.append(part)
        self.cost += cost

    @property
    def missing_cost(self):
        missing = self.size - self.fill
        return missing and missing + (-(-missing // FRAGMENT_SIZE) + 1) * HEADER_SIZE
