"""
The relay: the service that makes a Python gateway a host for others. It does here what the local host of @execnet/core does there;
relay/messages.ts of core has its requests and events. It is run among the names of the remote end.
"""

def unpatched(name):
    """A module as the library has it, whatever user code has made of the one that all others use."""
    used = sys.modules.pop(name, None)
    try:
        return __import__(name)
    finally:
        if used is not None:
            sys.modules[name] = used


socket = unpatched('socket')
subprocess = unpatched('subprocess')

# seconds that what was started here may take to end by itself once its input has ended
RELAY_GRACE = 1.1
# seconds that the kernel may take to end what was killed
KILL_PATIENCE = 2.0
# seconds without anything new after which the streams of a process that has ended are left to those who still hold them, and seconds for all
QUIET = 0.05
LONGEST_QUIET = 1.0
STDERR_TAIL = 8192
# descriptors below are kept taken, so that none that a child has to move is in the way of another
FIRST_FREE = 10


def serve(channel, end):
    """Serves until the gateway ends, and then until nothing that was started is left."""
    relayed = set()
    if not JYTHON:
        take_low_descriptors()
    try:
        while True:
            request = channel.receive()
            one = Relayed(request, end, relayed)
            relayed.add(one)
            start_thread(one.serve)
    except (EOFError, Cancelled):
        pass
    for one in list(relayed):
        one.end_input()
    deadline = clock() + RELAY_GRACE
    while relayed and clock() < deadline:
        sleep(LOOK)
    for one in list(relayed):
        one.abort()


def take_low_descriptors():
    null = os.open(os.devnull, os.O_RDWR)
    while True:
        fd = os.dup(null)
        if fd >= FIRST_FREE:
            os.close(fd)
            break
        keep_from_children(fd)
    keep_from_children(null)


def beside(work, *args):
    """Does something in a thread of its own; returns a latch that is set when it is over."""
    over = Latch()

    def run():
        try:
            work(*args)
        finally:
            over.set()

    start_thread(run)
    return over


def keep_from_children(fd):
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


class Failure(Exception):
    """Something that can't be started or reached, with the code that core gives it."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.failure = {'code': code, 'message': message}


class Relayed(object):
    """One connection, from the request on."""

    def __init__(self, request, end, relayed):
        self.request = request
        self.end = end
        self.link = end.link
        self.relayed = relayed
        self.data = request['streams']['data']
        self.events = request['streams']['events']
        self.lock = allocate_lock()
        self.aborted = False
        self.swept = False
        self.connection = None

    def serve(self):
        end = self.end
        try:
            try:
                if JYTHON:
                    raise Failure('ERR_EXECNET_UNSUPPORTED', 'Jython can neither start others nor connect to them')
                start = Spawned if self.request['what'] == 'spawn' else Dialed
                connection = start(self.request)
            except Failure as error:
                self.tell({'what': 'failed', 'failure': error.failure})
                return
            self.connection = connection
            if self.aborted:
                self.abort()
            self.tell({'what': 'connected', 'address': connection.address})
            start_thread(self.orders)
            start_thread(self.inward)
            exit = connection.run(self)
            self.tell({'what': 'closed', 'exit': exit})
            self.sweep()
        except Exception as error:
            complain('the relay failed: %s' % describe(error)['stack'])
            self.abort()
        finally:
            self.relayed.discard(self)
            self.data.close()
            self.events.close()

    def tell(self, event):
        try:
            self.events.send(event)
        except IOError:
            # nobody listens any more
            pass

    def orders(self):
        """What the other side wants besides bytes; when it listens no more, that all is torn down."""
        try:
            while self.events.receive() != 'abort':
                pass
        except EOFError:
            if self.end.ending:
                return
        except Exception:
            pass
        self.sweep()

    def inward(self):
        """Bytes from the other side: as long as they are not taken here, there is no more credit for them."""
        state = self.data._state
        try:
            while True:
                chunk = state.receive(None)
                if not chunk:
                    break
                self.connection.write(chunk)
        except (EOFError, IOError, OSError):
            pass
        self.end_input()

    def outward(self, read):
        """Bytes to the other side, until there are no more: nothing is read that has no credit."""
        state = self.data._state
        try:
            while True:
                chunk = read()
                if not chunk:
                    break
                state.send(chunk)
            state.send(b'')
        except (IOError, OSError):
            pass
        self.tell({'what': 'end'})

    def end_input(self):
        if self.connection is not None:
            self.connection.end_input()

    def abort(self):
        """Kills what was started; returns what is left of it."""
        self.aborted = True
        return self.connection.abort() if self.connection is not None else []

    def sweep(self):
        """Sees to it that nothing is left, and says so, once. When it returns, all that is said."""
        with self.lock:
            if self.swept:
                return
            self.swept = True
            self.tell({'what': 'aborted', 'remains': self.abort()})


class Spawned(object):
    """A process in a group of its own."""

    def __init__(self, request):
        command = request['command']
        descriptors = command['descriptors']
        self.lock = allocate_lock()
        self.writing = self.ended = False
        self.tail = b''
        self.gone = False
        self.arrived = 0
        if command.get('cwd') is not None:
            make_folder(command['cwd'])
        if command.get('nice') is not None:
            check_niceness(int(command['nice']))
        own = request.get('stdio') or 'pipe'
        opened = []

        def pipe(theirs):
            ends = os.pipe()
            for fd in ends:
                keep_from_children(fd)
            opened.extend(ends)
            return ends[::-1] if theirs else ends

        null = os.open(os.devnull, os.O_RDWR)
        opened.append(null)
        # the child's ends, by the number that they get there
        moves = {0: null, 1: null, 2: null}
        self.outputs = {}
        for name, number in (('stdout', int(descriptors.get('stdout') or 1)), ('stderr', 2)):
            if own == 'pipe':
                self.outputs[name], moves[number] = pipe(False)
            elif own == 'inherit':
                moves[number] = os.dup(1 if name == 'stdout' else 2)
                opened.append(moves[number])
        self.input, moves[int(descriptors['input'])] = pipe(True)
        self.output, moves[int(descriptors['output'])] = pipe(False)
        try:
            self.process = start_process(command, moves)
        except Failure:
            for fd in opened:
                os.close(fd)
            raise
        mine = [self.input, self.output] + list(self.outputs.values())
        for fd in opened:
            if fd not in mine:
                os.close(fd)
        self.pid = self.process.pid
        self.address = 'popen:%d' % self.pid

    def write(self, chunk):
        with self.lock:
            if self.input is None:
                raise IOError('the input has ended')
            self.writing = True
        try:
            write_all(self.input, chunk)
        finally:
            with self.lock:
                self.writing = False
                ended = self.ended
            if ended:
                self.end_input()

    def end_input(self):
        """Once nobody writes: the number of a descriptor that is closed meanwhile may be that of another one already."""
        with self.lock:
            self.ended = True
            if self.writing or self.input is None:
                return
            fd, self.input = self.input, None
        os.close(fd)

    def read(self):
        chunk = read_some(self.output, READ_SIZE)
        self.arrived += len(chunk)
        return chunk

    def run(self, relayed):
        """Passes on what comes until the process has ended; says how it ended."""
        running = [beside(relayed.outward, self.read)]
        running += [beside(self.print_out, relayed, name, fd) for name, fd in self.outputs.items()]
        code = self.process.wait()
        # what the process leaves behind goes with it, and lets go of its streams
        kill_group(self.pid)
        seen, deadline = -1, clock() + LONGEST_QUIET
        while seen != self.arrived and clock() < deadline:
            seen, quiet = self.arrived, clock() + QUIET
            running = [one for one in running if not one.wait(max(0, quiet - clock()))]
            if not running:
                break
        self.gone = not living_members(self.pid)
        exit = {'code': code} if code >= 0 else {'signal': signal_name(-code)}
        exit['stderr'] = self.tail.decode('utf-8', 'replace')
        return exit

    def print_out(self, relayed, name, fd):
        while True:
            chunk = read_some(fd, READ_SIZE)
            if not chunk:
                break
            self.arrived += len(chunk)
            if name == 'stderr':
                self.tail = (self.tail + chunk)[-STDERR_TAIL:]
            relayed.tell({'what': 'output', 'stream': name, 'chunk': bytearray(chunk)})
        os.close(fd)

    def abort(self):
        deadline = clock() + KILL_PATIENCE
        while not self.gone:
            kill_group(self.pid)
            left = living_members(self.pid)
            if not left:
                break
            if clock() > deadline:
                return ['localhost pid %d' % pid for pid in left]
            sleep(LOOK)
        self.end_input()
        return []


class Dialed(object):
    """A stream to a TCP or unix-domain address."""

    def __init__(self, request):
        address = request['address']
        timeout = request.get('timeout')
        timeout = None if timeout is None else timeout / 1000.0
        path = address.get('path')
        self.address = path if path is not None else '%s:%d' % (address['host'], address['port'])
        try:
            if path is not None:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(timeout)
                self.socket.connect(path)
            else:
                self.socket = connect(address, request.get('family'), timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except socket.gaierror as error:
            raise Failure('ERR_EXECNET_HOST_NOT_FOUND', '%s can not be reached: %s' % (self.address, error))
        except socket.timeout:
            raise Failure('ERR_EXECNET_CONNECT_TIMEOUT', '%s did not answer within %d ms' % (self.address, (timeout or 0) * 1000))
        except (socket.error, OSError) as error:
            code = {
                errno.ECONNREFUSED: 'ERR_EXECNET_REFUSED',
                errno.ENOENT: 'ERR_EXECNET_REFUSED',
                errno.ETIMEDOUT: 'ERR_EXECNET_CONNECT_TIMEOUT',
            }.get(error.errno, 'ERR_EXECNET_UNREACHABLE')
            raise Failure(code, '%s can not be reached: %s' % (self.address, error))
        self.socket.settimeout(None)
        self.ended = False

    def write(self, chunk):
        self.socket.sendall(chunk)

    def end_input(self):
        self.shut(socket.SHUT_WR)

    def shut(self, how):
        try:
            self.socket.shutdown(how)
        except (socket.error, OSError):
            pass

    def run(self, relayed):
        relayed.outward(lambda: self.socket.recv(READ_SIZE))
        # the other direction may still have something to say
        while not relayed.swept and not relayed.data.isclosed() and not self.ended:
            sleep(0.02)
        self.socket.close()
        return {'stderr': ''}

    def abort(self):
        self.ended = True
        self.shut(socket.SHUT_RDWR)
        return []


def connect(address, family, timeout):
    failure = None
    families = {4: socket.AF_INET, 6: socket.AF_INET6}
    for kind, type, protocol, _, where in socket.getaddrinfo(
            address['host'], int(address['port']), families.get(family, 0), socket.SOCK_STREAM):
        one = socket.socket(kind, type, protocol)
        try:
            one.settimeout(timeout)
            one.connect(where)
            return one
        except (socket.error, OSError) as error:
            failure = error
            one.close()
    raise failure


def start_process(command, moves):
    """Starts a command with the descriptors of `moves`: number there to descriptor here."""
    if PY2:
        def word(text):
            return text.encode('utf-8') if isinstance(text, text_type) else text
    else:
        def word(text):
            return text
    file = word(command['file'])
    args = [file] + [word(one) for one in command['args']]
    if command.get('nice') is not None:
        args = ['nice', '-n', str(int(command['nice'])), '--'] + args
    environment = dict(os.environ)
    environment.update([(word(name), word(value)) for name, value in command['env'].items()])
    highest = max(moves) + 1

    def prepare():
        os.setsid()
        # all of them are above FIRST_FREE, or the standard ones of this process
        for number, fd in moves.items():
            os.dup2(fd, number)
        if PY2:
            os.closerange(highest, FIRST_FREE)

    try:
        return subprocess.Popen(args, env=environment, cwd=word(command.get('cwd')), preexec_fn=prepare, close_fds=False)
    except OSError as error:
        raise start_failure(error, command, environment)


def start_failure(error, command, environment):
    file = command['file']
    if error.errno == errno.ENOENT:
        if '/' not in file:
            return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND', 'there is no program "%s" on the PATH %s' % (file, environment.get('PATH', '')))
        if os.path.exists(os.path.join(command.get('cwd') or '.', file)):
            return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND',
                           '"%s" is there, but what its first line names (#!), or its loader, is not' % file)
        return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND', 'there is no program "%s"' % file)
    if error.errno == errno.EACCES:
        return Failure('ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', '"%s" may not be executed: it is no file with permission to execute' % file)
    return Failure('ERR_EXECNET_SPAWN', '"%s" can not be started: %s' % (file, error))


def make_folder(path):
    try:
        if not os.path.isdir(path):
            try:
                os.makedirs(path)
            except OSError as error:
                if error.errno != errno.EEXIST or not os.path.isdir(path):
                    raise
        if not os.access(path, os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise Failure('ERR_EXECNET_DISK_FULL' if full else 'ERR_EXECNET_CHDIR', 'the folder "%s" (chdir=) can not be made or entered: %s' % (path, error))


def check_niceness(nice):
    """`nice` warns when a privilege is missing, and then starts the program as it is; without a program it prints what it has reached."""
    if nice >= 0:
        return
    wanted = max(-20, os.nice(0) + nice)
    try:
        process = subprocess.Popen(['nice', '-n', str(nice), 'nice'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if int(process.communicate()[0]) == wanted:
            return
    except (OSError, ValueError):
        pass
    raise Failure('ERR_EXECNET_NICE', 'nice=%d needs a privilege that this program does not have: a niceness of %d can not be reached' % (nice, wanted))


def kill_group(group):
    try:
        os.kill(-group, SIGKILL)
    except OSError:
        pass


def living_members(group):
    """The processes of a group that still run; zombies do not."""
    try:
        os.kill(-group, 0)
    except OSError:
        return []
    try:
        names = [name for name in os.listdir('/proc') if name.isdigit()]
    except OSError:
        # no /proc: the group exists, and its number is all there is to say
        return [group]
    return [int(name) for name in names if is_living_member(name, group)]


def is_living_member(pid, group):
    try:
        with open('/proc/%s/stat' % pid, 'rb') as file:
            text = file.read()
    except (IOError, OSError):
        return False
    # the name in parentheses may hold anything
    state, _, own = text[text.rindex(b')') + 2:].split(b' ')[:3]
    return int(own) == group and state not in (b'Z', b'X')


def signal_name(number):
    for name in dir(signal):
        if name.startswith('SIG') and not name.startswith('SIG_') and getattr(signal, name) == number:
            return name
    return 'SIG%d' % number
