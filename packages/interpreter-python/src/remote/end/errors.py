class RemoteError(Exception):
    """Code at the other end failed; `formatted` is its whole stack."""

    def __init__(self, formatted):
        Exception.__init__(self, formatted)
        self.formatted = formatted

    def __str__(self):
        return self.formatted

    def __repr__(self):
        return '%s: %s' % (self.__class__.__name__, self.formatted)


class TimeoutError(IOError):
    """A wait took longer than its timeout."""


class Cancelled(BaseException):
    """The execution is to end: its channel was closed by the one who asked for it, or the gateway ends. No Exception, so that code which
    carries on after any error does not carry on after this one."""


# what code that is told to end may end with
INTERRUPTIONS = (Cancelled, KeyboardInterrupt)
if JYTHON:
    from java.lang import InterruptedException
    INTERRUPTIONS += (InterruptedException,)


class DataFormatError(Exception):
    pass


class DumpError(DataFormatError):
    """The value, or a part of it, can't travel; `path` says where in the item it sits: $['users'][0]."""

    def __init__(self, message):
        DataFormatError.__init__(self, message)
        self.path = '$'

    def inside(self, place, name):
        try:
            place %= (name,)
        except Exception:
            # the class of a key may fail to show it
            place = '[...]'
        self.path = '$' + place + self.path[1:]

    def __str__(self):
        return '%s: %s' % (self.path, self.args[0])


class LoadError(DataFormatError):
    """The bytes are no value."""


class ProtocolError(Exception):
    """The other end broke the rules."""


class ClosedChannel(EOFError):
    """Nothing will arrive on the channel any more."""


class SendClosed(IOError):
    """Nothing can be sent on the channel any more."""


class Ending(object):
    """Why a direction of a channel has ended. Errors are made anew for each who hears of it: one that is raised again keeps all its stacks."""

    def __init__(self, message, failed=False):
        self.message = message
        self.failed = failed

    def error(self, state):
        error = (RemoteError if self.failed else ClosedChannel)(self.message)
        # no property that would be told of it
        error.__state__ = state
        return error
