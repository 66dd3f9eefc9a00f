class RemoteEnd(Lifetime):
    """Reads the connection, and sees to executions and their end."""

    def __init__(self, options, read_fd, write_fd):
        self.options = options
        self.main_thread = get_ident()
        self.java_thread = Thread.currentThread() if JYTHON else None
        self.input = Input(read_fd)
        self.output = Output(write_fd)
        self.link = Link(self.output, bytearray(options['id']).decode('utf-8'), options['execmodel'])
        self.modules = LoadedModules(self.link)
        self.tasks = set()
        self.services = {}
        self.ending = False
        self.lost = False
        self.exit_code = 0
        name = options['execmodel']
        if name == 'gevent':
            self.model = with_own_imports(lambda: GeventModel(self))
        elif name == 'eventlet':
            self.model = with_own_imports(lambda: EventletModel(self))
        elif name == 'main_thread_only':
            self.model = MainThreadOnlyModel(self, 1)
        else:
            self.model = ThreadModel(self, options['threads'])
        self.link.model = self.model

    def receive(self):
        """The receiver thread."""
        AMID.append(get_ident())
        try:
            try:
                while True:
                    self.handle(*self.input.next())
            except EOFError:
                self.end(GRACE_WHEN_LOST, lost=True)
            except ProtocolError as error:
                complain(str(error))
                self.exit_code = 1
                self.end(GRACE_WHEN_LOST)
        except BaseException as error:
            complain('the receiver failed: %s' % describe(error)['stack'])
            self.exit_code = 1
            self.die()
        finally:
            AMID.remove(get_ident())

    def handle(self, code, id, payload):
        link = self.link
        output = self.output
        grant = 0
        if code == CHANNEL_EXEC:
            self.execute(id, payload)
            return
        if code in CONTROL:
            CONTROL[code](self, id, payload)
            return
        link.enter()
        try:
            state = link.states.get(id)
            if state is None:
                if code in CLOSING:
                    if id % 2:
                        link.remember(id, True)
                    return
                state = link.hold(id)
                if state is None:
                    if code == BIND:
                        link.lose(positive(payload))
                    return
            elif state.held and code in CLOSING:
                # made and closed there without being told to anybody here
                state.unread = False
                state.finish(Ending('channel %d was closed by the other end' % id))
                return
            if code == CHANNEL_DATA:
                if state.end is None:
                    grant = link.data(state, payload)
            elif code == CREDIT:
                state.credit += positive(payload)
                # who waits for credit looks again
                for latch in state.close_waiters:
                    latch.set()
                del state.close_waiters[:]
            elif code == FRAGMENT or code == FRAGMENT_FIRST:
                if state.end is None:
                    grant = link.fragment(state, payload, code == FRAGMENT_FIRST)
            elif code == CHANNEL_CLOSE:
                state.closed_there = True
                state.finish(Ending('channel %d was closed by the other end' % id))
            elif code == CHANNEL_CLOSE_ERROR:
                state.closed_there = True
                state.finish(self.remote_error(payload))
            elif code == CHANNEL_LAST_MESSAGE:
                state.finish_receiving(Ending('channel %d was closed by the other end' % id))
            elif code == BIND:
                link.announce(positive(payload), state)
            else:
                raise ProtocolError('a frame with code %d arrived, which this end does not take' % code)
        finally:
            link.leave()
        if grant > 0:
            output.post(frame(CREDIT, id, INT.pack(grant)))

    def remote_error(self, payload):
        try:
            data = self.link.loader.load(payload, (True, False))
            return Ending(undescribed(data), failed=True)
        except Exception:
            return Ending('the other end failed with an error that can not be read', failed=True)

    # --- control frames

    def ping(self, id, payload):
        if self.output.unread < MAX_UNREAD:
            self.output.post(frame(PONG, id, payload))

    def status(self, id, payload):
        if self.output.unread >= MAX_UNREAD:
            raise ProtocolError('the other end asks without reading the answers')
        if payload:
            answer = describe_self()
        else:
            self.link.enter()
            try:
                channels = len([state for state in self.link.states.values() if not state.service])
                # an execution whose channel was closed from there counts with it
                channels += len([task for task in self.tasks if task.state.closed and not task.state.service])
            finally:
                self.link.leave()
            answer = {
                'numChannels': channels,
                'numExecuting': self.model.running,
                'numQueued': self.model.queued,
                'execmodel': self.options['execmodel'],
            }
        self.output.post(frame(CHANNEL_DATA, id, self.link.dumper.dump(answer)[0]) + frame(CHANNEL_CLOSE, id))

    def reconfigure(self, id, payload):
        if len(payload) != 1:
            raise ProtocolError('a payload of %d bytes where flags belong' % len(payload))
        flags = ord(payload)
        strings = (bool(flags & 1), bool(flags & 2))
        if id == 0:
            self.link.strings = strings
            return
        self.link.enter()
        try:
            # it may come before the channel does
            state = self.link.states.get(id) or self.link.hold(id)
            if state is not None:
                state.strings = strings
        finally:
            self.link.leave()

    def terminate(self, _, payload):
        self.end(INT.unpack(payload)[0] / 1000.0 if len(payload) == 4 else 0)

    def cancel(self, id, _):
        self.link.enter()
        try:
            task = None
            for one in self.tasks:
                if one.state.id == id:
                    task = one
            if task is not None:
                self.link.cancel(task, 'the execution behind channel %d was cancelled' % id)
        finally:
            self.link.leave()
        if task is not None and self.model.cancel_queued(task.state):
            self.over(task, None)

    def service(self, id, payload):
        if self.ending:
            return
        task = self.begin(id, payload, ServiceTask)
        task.state.service = True
        self.services[id] = task

        def run():
            failure = task.run()
            self.services.pop(id, None)
            self.over(task, failure)

        try:
            start_thread(run)
        except Exception:
            del self.services[id]
            self.over(task, describe(exc_info()[1]))

    # --- executions

    def begin(self, id, payload, kind=Task):
        self.link.enter()
        try:
            state = self.link.states.get(id)
            if state is None:
                self.link.gone.pop(id, None)
                state = self.link.add(id)
            # frames may have come before
            self.link.release(state)
            state.unread = False
            task = kind(self, id, payload)
            task.state.execution = True
            self.tasks.add(task)
            return task
        finally:
            self.link.leave()

    def execute(self, id, payload):
        if self.ending:
            return
        self.model.execute(self.begin(id, payload))

    def refuse(self, task, message):
        """An execution does not begin. The channels that were sent to it end for the same reason."""
        failure = {'name': 'RuntimeError', 'message': message, 'stack': 'RuntimeError: ' + message}
        payload = self.link.dump_error(failure)
        self.link.enter()
        try:
            for id in task.state.announced or ():
                state = self.link.states.get(id)
                if state is not None and state.facade is None and not state.closed:
                    self.output.post(frame(CHANNEL_CLOSE_ERROR, id, payload))
                    state.unread = False
                    state.finish(Ending('its execution was refused'))
        finally:
            self.link.leave()
        self.over(task, failure)

    def over(self, task, failure):
        """An execution has come to its end."""
        state = task.state
        payload = None
        if failure is not None:
            payload = self.link.dump_error(failure)
        self.link.enter()
        try:
            self.tasks.discard(task)
            # who has closed the channel wants to know, too
            told = (state.closed_there or not state.closed) and not task.cut
            state.finish(Ending('channel %d is closed: its execution has ended' % state.id))
        finally:
            self.link.leave()
        if failure is not None and not told:
            complain('an execution failed whose channel was closed before:\n%s' % failure['stack'])
        elif told:
            self.output.post(frame(CHANNEL_CLOSE, state.id) if payload is None else frame(CHANNEL_CLOSE_ERROR, state.id, payload))

    def interrupted(self, *_):
        """An interrupt is for the code that the main thread executes, and for nothing else; not if that is cleaning up already."""
        task = self.link.running.get(self.model.key())
        if task is not None and task.inside and not task.state.noticed:
            raise KeyboardInterrupt()

    def run(self):
        self.leads = lead_group()
        atexit.register(self.left)
        lease = self.options.get('lease')
        if not JYTHON:
            SIGNALS.take_over(self.model.is_own)
            signal.signal(signal.SIGINT, self.interrupted)
        if self.leads:
            start_watchdog(self.input, lease)
        start_thread(self.receive)
        if lease:
            start_thread(lambda: self.keep_lease(lease))
        self.model.run_main()
        if JYTHON:
            # it forgets them behind -c
            atexit._run_exitfuncs()


CLOSING = (CHANNEL_CLOSE, CHANNEL_CLOSE_ERROR)

CONTROL = {
    STATUS: RemoteEnd.status,
    RECONFIGURE: RemoteEnd.reconfigure,
    GATEWAY_TERMINATE: RemoteEnd.terminate,
    PING: RemoteEnd.ping,
    PONG: lambda *_: None,
    HELLO: lambda *_: None,
    GOODBYE: lambda *_: None,
    CANCEL: RemoteEnd.cancel,
    SERVICE: RemoteEnd.service,
}


# what code of the user is called by
CALLERS = codes(Task.execute, Task.call, Task.send_each, call_method, run_text, named, call_back, call_handler)
# what nothing is half done in
INTERRUPTIBLE = CALLERS | codes(Latch.wait, GreenLatch.wait, Signals.deliver)


def positive(payload):
    if len(payload) != 4:
        raise ProtocolError('a payload of %d bytes instead of 4' % len(payload))
    value = INT.unpack(payload)[0]
    if value <= 0:
        raise ProtocolError('the value %d where one above 0 belongs' % value)
    return value


def flush_prints():
    for name in ('stdout', 'stderr'):
        try:
            getattr(sys, name).flush()
        except Exception:
            pass


def folder():
    try:
        return text_of(os.getcwd())
    except OSError:
        # it was removed
        return text_of('')


def describe_self():
    machine = os.uname()[4] if hasattr(os, 'uname') else 'unknown'
    return {
        'runtime': 'jython' if JYTHON else 'pypy' if hasattr(sys, 'pypy_version_info') else 'cpython',
        'version': '%d.%d.%d' % tuple(sys.version_info[:3]),
        'pid': getpid(),
        'platform': 'linux' if sys.platform.startswith(('linux', 'java')) else sys.platform,
        'arch': {'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64'}.get(machine, machine),
        'executable': text_of(sys.executable or ''),
        'cwd': folder(),
    }


def main(options, read_fd, write_fd):
    RemoteEnd(options, read_fd, write_fd).run()
