class Task(object):
    """A request to execute something."""

    def __init__(self, end, id, request):
        self.end = end
        self.request = request
        self.channel = end.link.facade(end.link.states[id])
        self.state = self.channel._state
        self.thread = None
        # what it waits for
        self.latch = None
        # it is inside of what the user has written
        self.inside = False

    def run(self):
        """Runs it to its end. Never fails; returns what it failed with."""
        running = self.end.link.running
        key = self.end.model.key()
        texts = {}
        failure = None
        self.thread = get_ident()
        running[key] = self
        try:
            try:
                self.inside = True
                self.execute(self.request, texts)
            finally:
                self.inside = False
        except:  # noqa: E722, exceptions of Java are none of Python's
            error, trace = sys.exc_info()[1:]
            if not self.stopped(error):
                failure = described(error, trace, texts, 0)
            del error, trace
        if getpid() != self.end.pid:
            # code that forked has come to its end in the child too: the connection is none of the child's
            flush_prints()
            os._exit(0 if failure is None else 1)
        if PY2:
            # it would hold the frames of what has ended until something else fails in this thread
            sys.exc_clear()
        self.request = None
        del running[key]
        return failure

    def stopped(self, error):
        """Who was told to stop, or whose channel was closed, and stopped for it, has not failed."""
        if isinstance(error, SystemExit):
            return error.code in (None, 0)
        if self.state.cancelled is not None and isinstance(error, INTERRUPTIONS):
            return True
        return isinstance(error, (ClosedChannel, SendClosed)) and error.state is self.state

    def execute(self, request, texts):
        request = self.end.link.load(self.state, request)
        args = request.get('args')
        name = request.get('function')
        text = request.get('text')
        calls = request['kind'] == 'call'
        if text is None:
            function = named(name)
        else:
            file = request.get('file') or '<remote exec>'
            if PY2:
                file = file.encode('utf-8')
            texts[file] = text
            space = {'__name__': '__channelexec__', '__file__': file, '__doc__': None, 'channel': self.channel}
            if not name:
                space['args'] = args
            run_text(text, file, space)
            if not name:
                return
            try:
                function = space[name]
            except KeyError:
                raise NameError('%s has no function %r' % (file, name))
        before = () if calls else (self.channel,)
        if args is None:
            result = function(*before)
        elif isinstance(args, dict):
            result = function(*before, **dict([(str(key), value) for key, value in args.items()]))
        else:
            result = function(*(before + tuple(args)))
        if calls:
            self.channel.send(result)


def run_text(text, file, space):
    if PY2 and 'coding' in ''.join(text.split('\n', 2)[:2]):
        # Python 2 refuses the declaration of an encoding in what is decoded already
        lines = text.split('\n')
        lines[:2] = [line.replace('coding', 'co ding') if line.lstrip().startswith('#') else line for line in lines[:2]]
        text = '\n'.join(lines)
    code = compile(text, file, 'exec', 0, True)
    exec(code, space)


def named(name):
    """The function that a dotted name means here: as far as it can be imported a module, then attributes. Without a dot a builtin."""
    parts = name.split('.')
    if len(parts) == 1:
        return getattr(builtins, name)
    for count in range(len(parts) - 1, 0, -1):
        module = '.'.join(parts[:count])
        try:
            __import__(module)
        except ImportError:
            if count == 1:
                raise
            continue
        value = sys.modules[module]
        for part in parts[count:]:
            value = getattr(value, part)
        return value
