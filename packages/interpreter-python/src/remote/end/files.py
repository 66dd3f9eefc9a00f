class ChannelFile(object):
    def __init__(self, channel, proxyclose):
        self.channel = channel
        self.proxyclose = proxyclose
        self.closed = False

    def isatty(self):
        return False

    def close(self):
        self.closed = True
        if self.proxyclose:
            self.channel.close()

    def flush(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class ChannelFileWrite(ChannelFile):
    def write(self, data):
        if self.closed:
            raise ValueError('the file is closed')
        self.channel.send(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def writable(self):
        return True


class ChannelFileRead(ChannelFile):
    """Reads until the channel ends; afterwards everything is empty, as at the end of a file."""

    def __init__(self, channel, proxyclose):
        ChannelFile.__init__(self, channel, proxyclose)
        self.parts = None

    def more(self):
        try:
            part = self.channel.receive()
        except EOFError:
            return False
        self.parts = part if self.parts is None else self.parts + part
        return True

    def take(self, size):
        if self.parts is None:
            return ''
        taken, self.parts = self.parts[:size], self.parts[size:]
        return taken

    def read(self, size=-1):
        if size is None or size < 0:
            while self.more():
                pass
            return self.take(None) if self.parts is None else self.take(len(self.parts))
        while (self.parts is None or len(self.parts) < size) and self.more():
            pass
        return self.take(size)

    def readline(self):
        searched = 0
        while True:
            if self.parts is not None:
                at = self.parts.find(b'\n' if isinstance(self.parts, bytes) else u'\n', searched)
                if at >= 0:
                    return self.take(at + 1)
                searched = len(self.parts)
            if not self.more():
                return self.take(searched)

    def readlines(self):
        return list(self)

    def readable(self):
        return True

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__
