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
        self.cut = False

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
                self.state.catch_up()
            finally:
                self.inside = False
        except:  # noqa: E722, exceptions of Java are none of Python's
            error, trace = exc_info()[1:]
            if getpid() != PID:
                end_child(error, trace, texts)
            if not self.stopped(error):
                failure = described(error, trace, texts, 0)
            elif self.state.cancelled == TERMINATING:
                # it is cut off with the gateway: a close would say that all of it has come
                self.cut = True
            del error, trace
        if getpid() != PID:
            end_child()
        if PY2:
            # it would hold the frames of what has ended until something else fails in this thread
            sys.exc_clear()
        self.request = None
        del running[key]
        return failure

    def stopped(self, error):
        """Who was told to stop, or whose channel was closed, and stopped for it, has not failed."""
        if is_a(error, SystemExit):
            return exit_code(error) == 0
        if self.state.cancelled is not None and is_a(error, INTERRUPTIONS):
            return True
        return type(error) in (RemoteError, ClosedChannel, SendClosed) and getattr(error, '__state__', None) is self.state

    def execute(self, request, texts):
        request = self.end.link.load(self.state, request)
        args = request.get('args')
        name = request.get('function')
        text = request.get('text')
        kind = request['kind']
        if text is None:
            function = named(name)
        else:
            # one for each, as what knows source texts knows them by that; not in brackets alone, which mean that there is none
            file = request.get('file') or '%s %d' % (TEXT_NAME, self.state.id)
            if PY2:
                file = file.encode('utf-8')
            texts[file] = text
            if not name:
                module = SourceModule(text, file, self.state.id)
                try:
                    module.space.update(channel=self.channel, args=args)
                    module.run()
                finally:
                    if getpid() == PID:
                        module.forget()
                return
            space = self.end.modules.load(self, text, file)
            try:
                function = space[name]
            except KeyError:
                raise NameError('%s has no function %r' % (file, name))
        self.call(function, args, kind, texts)

    def call(self, function, args, kind, texts):
        before = (self.channel,) if kind == 'source' else ()
        if args is None:
            result = function(*before)
        elif isinstance(args, dict):
            before += tuple(args.pop('*', ()))
            result = function(*before, **dict([(str(key), value) for key, value in args.items()]))
        else:
            result = function(*(before + tuple(args)))
        if getpid() != PID:
            end_child()
        if kind == 'call':
            self.channel.send(result)
        elif kind == 'stream':
            self.send_each(result)
        elif kind == 'expose':
            self.serve(result, texts)

    def send_each(self, items):
        iterator = iter(items)
        try:
            for item in iterator:
                if getpid() != PID:
                    break
                self.channel.send(item)
        finally:
            if isinstance(iterator, GENERATOR):
                iterator.close()


    def serve(self, target, texts):
        """Runs the calls of an object's methods that come, one after the other, and answers each, until no more come."""
        # a class of the old kind is no type
        kind = getattr(target, '__class__', type(target))
        held = target if hasattr(kind, '__enter__') and hasattr(kind, '__exit__') else None
        if held is not None:
            target = call_method(held, '__enter__', ())
        try:
            if target is None or isinstance(target, (int, float, text_type, bytes)):
                raise TypeError('an object is exposed, not %s' % type(target).__name__)
            self.channel.send(None)
            for id, name, args in self.channel:
                try:
                    result = call_method(target, name, args)
                    if getpid() != PID:
                        end_child()
                    self.answer(id, result)
                    result = None
                except:  # noqa: E722
                    error, trace = exc_info()[1:]
                    if getpid() != PID or (self.state.cancelled is not None and is_a(error, INTERRUPTIONS)):
                        raise
                    failure = described(error, trace, texts, 0)
                    del error, trace
                    self.channel.send([id, None, failure])
        except:  # noqa: E722
            if held is None or not call_method(held, '__exit__', exc_info()):
                raise
        else:
            if held is not None:
                call_method(held, '__exit__', (None, None, None))


    def answer(self, id, result):
        try:
            self.channel.send([id, result])
        except DumpError as error:
            # of what is sent only that is the user's
            error.path = '$' + error.path[len('$[1]'):]
            raise


def call_method(target, name, args):
    """Apart, for who looks whether code of the user runs."""
    return getattr(target, name)(*args)


class ServiceTask(Task):
    """A request to start a service, which has a thread of its own and is no execution."""

    def execute(self, request, texts):
        request = self.end.link.load(self.state, request)
        name = request.get('name')
        if name is None:
            # the relay, which is a part of the remote end
            space = dict(globals(), __name__='execnet_service')
            run_text(request['text'], '<execnet service>', space)
            space['serve'](self.channel, self.end)
            return
        file = '<execnet service %s>' % (name.encode('utf-8') if PY2 else name)
        texts[file] = request['text']
        module = SourceModule(request['text'], file, self.state.id, False)
        try:
            module.run()
            serve = module.space.get('serve')
            if serve is None:
                raise NameError('the program of the service %s has no function serve' % name)
            serve(self.channel, request.get('args'))
        finally:
            module.forget()


# programs call a few again and again; what is generated must not pile up
MAX_LOADED = 200


class SourceModule(object):
    """
    The module that a text is run as. While that lasts it can be found by its name, which is its own: what is defined in it can be pickled, and looked at. Code that
    asks for its name hears the one that it expects.
    """

    # of those that run: who is heard last stands last
    heard = []

    def __init__(self, text, file, id, heard=True):
        self.text = text
        self.file = file
        self.name = '%s%d__' % (OWN_NAME, id)
        # Python 2 empties what belonged to a module when that is gone, and functions may outlive it
        module = Definitions() if PY2 else type(os)(self.name)
        self.space = module.__dict__
        self.space.update(__name__=self.name, __doc__=None, __file__=file, __loader__=self, __package__='')
        if hasattr(sys, '__spec__'):
            self.space['__spec__'] = type(sys.__spec__)(self.name, self, origin=file)
        sys.modules[self.name] = module
        if heard:
            self.be_heard()

    def be_heard(self):
        """It is found by the name that code hears, too: the latest, if several run at the same time."""
        module = sys.modules.get(self.name)
        if module is not None:
            self.be_silent(module)
            self.heard.append(module)
            sys.modules[HEARD_NAME] = module

    def be_silent(self, module):
        # twice, where two threads have it heard at the same time
        try:
            while True:
                self.heard.remove(module)
        except ValueError:
            pass

    def run(self):
        run_text(self.text, self.file, self.space)

    def get_source(self, _):
        """For `inspect`, and tracebacks."""
        return SourceText(self.text)

    def forget(self):
        module = sys.modules.pop(self.name, None)
        if module is not None:
            self.be_silent(module)
            if sys.modules.get(HEARD_NAME) is module:
                running = self.heard[-1:]
                if running:
                    sys.modules[HEARD_NAME] = running[0]
                else:
                    sys.modules.pop(HEARD_NAME, None)
        # what is defined holds this: it must not hold that in turn, or channels in it are closed when the collector happens to run
        self.space = None
        cache = getattr(sys.modules.get('linecache'), 'cache', None)
        if cache and self.file.startswith(TEXT_NAME):
            cache.pop(self.file, None)


GENERATOR = type(_ for _ in ())


class LoadedModules(object):
    """Modules whose functions are called: each is run once, and kept for the next call."""

    def __init__(self, link):
        self.link = link
        self.known = {}
        self.order = deque()

    def load(self, task, text, file):
        """The globals of the module. Who asks while it is run waits for that."""
        key = (file, text)
        while True:
            self.link.enter()
            try:
                entry = self.known.get(key)
                first = entry is None
                if first:
                    entry = self.known[key] = Loading()
            finally:
                self.link.leave()
            if first:
                return self.run(task, key, entry)
            task.state.wait(entry.waiters, None, lambda entry=entry: entry.over)
            if entry.module is not None:
                entry.module.be_heard()
                return entry.module.space

    def run(self, task, key, entry):
        file, text = key
        module = SourceModule(text, file, task.state.id)
        try:
            # as under `remoteExec` of the whole module
            module.space['channel'] = task.channel
            module.run()
            if module.space.get('channel') is task.channel:
                del module.space['channel']
            entry.module = module
        finally:
            oldest = None
            self.link.enter()
            try:
                entry.over = True
                if entry.module is None:
                    # who waits runs it again
                    del self.known[key]
                else:
                    self.order.append(key)
                    if len(self.order) > MAX_LOADED:
                        oldest = self.known.pop(self.order.popleft())
                while entry.waiters:
                    entry.waiters.pop().set()
            finally:
                self.link.leave()
            if entry.module is None:
                module.forget()
            elif oldest is not None:
                oldest.module.forget()
        return module.space


class Loading(object):
    def __init__(self):
        self.module = None
        self.over = False
        self.waiters = []


# what is shown as the file of a text
TEXT_NAME = '<remote exec>'
# execnet's
HEARD_NAME = '__channelexec__'
# and the ones by which they are told apart
OWN_NAME = HEARD_NAME[:-1]


class Definitions(object):
    pass


class OwnName(object):
    """Puts the name that code expects in the place of `__name__`, if the code does not give it another one itself."""

    def __init__(self):
        self.ast = own_import('ast')

    def parsed(self, text, file):
        tree = compile(text, file, 'exec', self.ast.PyCF_ONLY_AST, True)
        if any([self.names(node) for node in self.ast.walk(tree)]):
            return tree
        for node in self.ast.walk(tree):
            for field, value in self.ast.iter_fields(node):
                if isinstance(value, list):
                    value[:] = [self.replaced(one) for one in value]
                else:
                    setattr(node, field, self.replaced(value))
        return tree

    def names(self, node):
        """Whether it makes that name a variable, a parameter, or what else may be given one."""
        if isinstance(node, self.ast.Name):
            return node.id == '__name__' and not isinstance(node.ctx, self.ast.Load)
        named = [getattr(node, field, None) for field in ('name', 'arg', 'asname')] + list(getattr(node, 'names', ()) or ())
        return '__name__' in named

    def replaced(self, node):
        ast = self.ast
        if isinstance(node, ast.Name) and node.id == '__name__' and isinstance(node.ctx, ast.Load):
            return ast.copy_location((ast.Str if PY2 or sys.version_info < (3, 8) else ast.Constant)(HEARD_NAME), node)
        return node


def run_text(text, file, space):
    if PY2 and 'coding' in ''.join(text.split('\n', 2)[:2]):
        # Python 2 refuses the declaration of an encoding in what is decoded already
        lines = text.split('\n')
        lines[:2] = [line.replace('coding', 'co ding') if line.lstrip().startswith('#') else line for line in lines[:2]]
        text = '\n'.join(lines)
    code = compile(OwnName().parsed(text, file) if '__name__' in text else text, file, 'exec', 0, True)
    exec(code, space)


def exit_code(error):
    """With what a process ends whose code raises this SystemExit; None if that is to be told first."""
    try:
        code = error.code
    except BaseException:
        return None
    if code is None:
        return 0
    return code if is_a(code, int) else None


def end_child(error=None, trace=None, texts={}):
    """Code that forked has come to its end in the child too, where the connection is none of ours: the child ends as a program of its own does."""
    code = 0
    if error is not None:
        code = exit_code(error) if is_a(error, SystemExit) else None
    if code is None:
        code = 1
        said = message_of(error) if is_a(error, SystemExit) else described(error, trace, texts, 0)['stack']
        try:
            sys.stderr.write(said + '\n')
        except Exception:
            pass
    try:
        # handlers of its exit, and files that it has not closed: by taking away what holds them, as the collector does not close a file before what is beneath it
        atexit._run_exitfuncs()
        for name, module in list(sys.modules.items()):
            if name.startswith(OWN_NAME):
                space = module.__dict__
                for variable in list(space):
                    if variable != '__builtins__':
                        space[variable] = None
        import gc
        gc.collect()
    except BaseException:
        pass
    flush_prints()
    exit_process(code & 0xff)


def is_missing(module, trace):
    """Whether there is no module of that name: what fails while it is executed has frames of its own."""
    while trace.tb_next is not None:
        trace = trace.tb_next
        file = trace.tb_frame.f_code.co_filename
        if file != PROGRAM and not file.startswith('<frozen importlib'):
            return False
    return True


def named(name):
    """The function that a dotted name means here: as far as it can be imported a module, then attributes. Without a dot a builtin."""
    parts = name.split('.')
    if len(parts) == 1:
        return getattr(builtins, name)
    for count in range(len(parts) - 1, 0, -1):
        module = '.'.join(parts[:count])
        try:
            builtins.__import__(module)
        except ImportError:
            if count == 1 or not is_missing(module, exc_info()[2]):
                raise
            continue
        value = sys.modules[module]
        for part in parts[count:]:
            value = getattr(value, part)
        return value
