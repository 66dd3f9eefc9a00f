"""
The relay: the service that makes a Python gateway a host for others. It does here what the local host of @execnet/core does there;
relay/messages.ts of core has its requests and events. It is run among the names of the remote end.
"""

def unpatched(name):
    """A module as the library has it, whatever user code has made of the one that all others use."""
    used = sys.modules.pop(name, None)
    try:
        return own_import(name)
    finally:
        if used is not None:
            sys.modules[name] = used


select = unpatched('select')
socket = unpatched('socket')
subprocess = unpatched('subprocess')

# seconds that what was started here may take to end by itself once its input has ended
RELAY_GRACE = 1.1
# seconds that the kernel may take to end what was killed
KILL_PATIENCE = 2.0
# seconds without anything new after which the streams of a process that has ended are left to those who still hold them, and seconds of new things
QUIET = 0.05
LONGEST_QUIET = 1.0
STDERR_TAIL = 8192
# descriptors below are kept taken, so that none that a child has to move is in the way of another
FIRST_FREE = 10


# reads `+ group` and `- group`, and kills at the end of its input what is left of those
GUARD = '''all=
while read -r what one; do
  rest=
  for each in $all; do [ "$each" = "$one" ] || rest="$rest $each"; done
  all=$rest
  [ "$what" = - ] || all="$all $one"
done
for each in $all; do kill -KILL "-$each"; done'''


class Guard(object):
    """
    Kills process groups when this process is gone, however that has come: a shell, in a group of its own, waits for the end of a pipe that only this process
    holds. It is started when it is first needed.
    """

    def __init__(self):
        self.lock = allocate_lock()
        self.input = None

    def tell(self, what, group):
        with self.lock:
            try:
                if self.input is None:
                    self.start()
                os.write(self.input, ('%s %d\n' % (what, group)).encode('ascii'))
            except OSError:
                # without a shell, or when somebody has killed it, only the end of this process by itself ends them
                pass

    def start(self):
        null = os.open(os.devnull, os.O_RDWR)
        theirs, self.input = os.pipe()
        for fd in (null, theirs, self.input):
            keep_from_children(fd)
        try:
            with Forking():
                self.process = start_process({'file': 'sh', 'args': ['-c', GUARD], 'env': {}, 'cwd': '/'}, {0: theirs, 1: null, 2: null})
        finally:
            os.close(null)
            os.close(theirs)

    def end(self):
        with self.lock:
            if self.input is not None:
                os.close(self.input)


def serve(channel, end):
    """Serves until the gateway ends, and then until nothing that was started is left."""
    relayed = set()
    guard = Guard()
    if not JYTHON:
        take_low_descriptors()
    try:
        while True:
            request = channel.receive()
            one = Relayed(request, end, relayed, guard)
            relayed.add(one)
            start_thread(one.serve)
    except (EOFError, Cancelled):
        pass
    for one in list(relayed):
        one.gateway_ends()
    deadline = clock() + RELAY_GRACE
    while relayed and clock() < deadline:
        sleep(LOOK)
    for one in list(relayed):
        one.abort()
    guard.end()


def take_low_descriptors():
    null = os.open(os.devnull, os.O_RDWR)
    while True:
        fd = os.dup(null)
        if fd >= FIRST_FREE:
            os.close(fd)
            break
        keep_from_children(fd)
    keep_from_children(null)


class Forking(object):
    """
    While it is entered, no other thread forks. Python 2 makes descriptors that children inherit until they are marked, and subprocess waits there
    for the end of a pipe of its own: a process that another thread starts in between would keep all of them open for as long as it lives.
    """

    def __enter__(self):
        if PY2:
            # fork() takes it
            imp.acquire_lock()

    def __exit__(self, *_):
        if PY2:
            imp.release_lock()


def keep_from_children(fd):
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)


def keep_others_from_children(wanted):
    """All descriptors but those: code of the user may have made others that children inherit, as all are that Python 2 makes."""
    try:
        numbers = [int(name) for name in os.listdir('/proc/self/fd')]
    except OSError:
        numbers = range(descriptor_limit())
    for fd in numbers:
        if fd not in wanted:
            try:
                keep_from_children(fd)
            except IOError:
                # what the list was read from, or a number that is not in use
                pass


class Failure(Exception):
    """Something that can't be started or reached, with the code that core gives it."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.failure = {'code': code, 'message': message}


class Relayed(object):
    """One connection, from the request on."""

    def __init__(self, request, end, relayed, guard):
        self.request = request
        self.guard = guard
        self.end = end
        self.link = end.link
        self.relayed = relayed
        self.data = request['streams']['data']
        self.events = request['streams']['events']
        self.lock = allocate_lock()
        self.aborted = self.cut_off = False
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
            guarded = bool(self.request.get('guarded'))
            if guarded:
                self.guard.tell('+', connection.pid)
            if self.aborted:
                self.abort()
            self.tell({'what': 'connected', 'address': connection.address})
            start_thread(self.orders)
            start_thread(self.inward)
            exit = connection.run(self)
            if guarded:
                self.guard.tell('-', connection.pid)
            closed = {'what': 'closed', 'exit': exit}
            if connection.failure is not None:
                closed['failure'] = connection.failure
            self.tell(closed)
            self.sweep()
        except Exception as error:
            complain('the relay failed: %s' % describe(error)['stack'])
            self.abort()
        finally:
            self.relayed.discard(self)
            for channel in self.request['streams'].values():
                channel.close()

    def tell(self, event):
        try:
            self.events.send(event)
        except IOError:
            # nobody listens any more
            pass

    def orders(self):
        """What the other side wants besides bytes; when it listens no more, that all is torn down."""
        try:
            while True:
                order = self.events.receive()
                if order == 'abort':
                    break
                if isinstance(self.connection, Spawned):
                    self.connection.signal(order)
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
        except EOFError:
            pass
        except (IOError, OSError) as error:
            self.connection.fail('write', error)
        self.end_input()

    def outward(self, read):
        """Bytes to the other side, until there are no more: nothing is read that has no credit."""
        state = self.data._state
        end = {'what': 'end'}
        try:
            while True:
                try:
                    chunk = read()
                except (IOError, OSError) as error:
                    self.connection.fail('read', error)
                    end['failure'] = self.connection.failure
                    break
                if not chunk:
                    break
                state.send(chunk)
            if self.cut_off:
                # it must not look as if all had come
                self.tell({'what': 'end', 'failure': {'code': 'ERR_EXECNET_TERMINATED', 'message': 'the gateway ended'}})
                return
            state.send(b'')
        except IOError:
            # nobody listens any more
            pass
        self.tell(end)

    def gateway_ends(self):
        """A remote end of ours takes the end of its input for its own end; a port is let go."""
        if isinstance(self.connection, Dialed):
            self.cut_off = True
            self.abort()
        else:
            self.end_input()

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

    failure = None

    def __init__(self, request):
        command = request['command']
        self.lock = allocate_lock()
        self.writing = self.ended = False
        self.tail = b''
        self.gone = False
        if command.get('cwd') is not None:
            if command.get('cwdMustExist'):
                check_folder(command['cwd'])
            else:
                make_folder(command['cwd'])
        try:
            if command.get('nice') is not None:
                check_niceness(int(command['nice']))
            with Forking():
                self.start(command, request.get('stdio') or 'pipe')
        except OSError as error:
            raise start_failure(error, command)
        self.pid = self.process.pid
        self.address = 'popen:%d' % self.pid

    def start(self, command, own):
        descriptors = command['descriptors']
        opened = []

        def pipe(theirs):
            ends = os.pipe()
            for fd in ends:
                keep_from_children(fd)
            opened.extend(ends)
            return ends[::-1] if theirs else ends

        try:
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
            self.process = start_process(command, moves)
        except BaseException:
            for fd in opened:
                os.close(fd)
            raise
        mine = [self.input, self.output] + list(self.outputs.values())
        for fd in opened:
            if fd not in mine:
                os.close(fd)

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

    def run(self, relayed):
        """Passes on what comes until the process has ended; says how it ended."""
        streams = [Stream(self.output, relayed.outward)]
        streams += [Stream(fd, self.printing(relayed, name)) for name, fd in self.outputs.items()]
        for stream in streams:
            start_thread(stream.pass_on)
        code = exit_status(self.process)
        # who is kept waiting for what was printed waits for nothing more
        relayed.tell({'what': 'exited'})
        # what the process leaves behind goes with it, and lets go of its streams
        kill_group(self.pid)
        wait_for_last_words(streams, relayed)
        self.gone = not living_members(self.pid)
        if code is None:
            self.failure = {'code': 'ECHILD', 'message': 'how process %d ended is not known: code there ignores SIGCHLD, or has waited for it (os.wait)' % self.pid}
            exit = {}
        else:
            exit = {'code': code} if code >= 0 else {'signal': signal_name(-code)}
        exit['stderr'] = self.tail.decode('utf-8', 'replace')
        return exit

    def fail(self, what, error):
        """A process that does not read is no failure."""

    def printing(self, relayed, name):
        state = relayed.request['streams'][name]._state

        def send(chunk):
            try:
                state.send(chunk)
            except IOError:
                # nobody listens any more
                pass

        def pass_on(read):
            while True:
                chunk = read()
                if not chunk:
                    break
                if name == 'stderr':
                    self.tail = (self.tail + chunk)[-STDERR_TAIL:]
                send(chunk)
            send(b'')
        return pass_on

    def signal(self, name):
        number = getattr(signal, name, None)
        if number is not None and not self.gone:
            try:
                os.kill(-self.pid, int(number))
            except OSError:
                # it has just ended
                pass

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


class Stream(object):
    """What a process writes to one descriptor; `work` passes on what the function brings that it is given, until that brings no more."""

    def __init__(self, fd, work):
        self.fd = fd
        self.work = work
        self.arrived = 0
        self.reading = self.ended = False
        self.over = Latch()

    def pass_on(self):
        try:
            self.work(self.read)
        finally:
            self.ended = True
            os.close(self.fd)
            self.over.set()

    def read(self):
        self.reading = True
        chunk = read_some(self.fd, READ_SIZE)
        self.arrived += len(chunk)
        self.reading = False
        return chunk

    def is_quiet(self):
        """Whether all that was written has been passed on: it has ended, or goes on only because somebody still holds its other end."""
        if self.ended:
            return True
        if not self.reading:
            return False
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return not poll.poll(0)


def wait_for_last_words(streams, relayed):
    """
    Waits for what a process wrote before it ended, however long nobody takes it. Others, which left its group, may hold its streams for ever:
    those are left to them once they bring nothing, and after a while whatever they bring.
    """
    quiet = flowing = 0
    while streams and not relayed.aborted and quiet < QUIET / LOOK and flowing < LONGEST_QUIET / LOOK:
        before = [one.arrived for one in streams]
        if streams[0].over.wait(LOOK):
            streams = streams[1:]
        elif before != [one.arrived for one in streams]:
            flowing += 1
            quiet = 0
        else:
            quiet = quiet + 1 if all([one.is_quiet() for one in streams]) else 0


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
                self.socket = private(socket.socket(socket.AF_UNIX))
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
        # nothing more is written
        self.written = Latch()
        self.failure = None

    def write(self, chunk):
        self.socket.sendall(chunk)

    def end_input(self):
        self.shut(socket.SHUT_WR)
        self.written.set()

    def fail(self, what, error):
        """The first reason is told, as Node words it."""
        code = errno.errorcode.get(error.errno)
        if self.failure is None:
            self.failure = {'code': code, 'message': '%s %s' % (what, code or error)}
        self.written.set()

    def shut(self, how):
        try:
            self.socket.shutdown(how)
        except (socket.error, OSError):
            pass

    def run(self, relayed):
        relayed.outward(lambda: self.socket.recv(READ_SIZE))
        # the other direction may still have something to say
        self.written.wait()
        self.socket.close()
        return {'stderr': ''}

    def abort(self):
        self.shut(socket.SHUT_RDWR)
        self.written.set()
        return []


def private(one):
    """A socket that no child inherits."""
    keep_from_children(one.fileno())
    return one


def connect(address, family, timeout):
    failure = None
    families = {4: socket.AF_INET, 6: socket.AF_INET6}
    for kind, type, protocol, _, where in socket.getaddrinfo(
            address['host'], int(address['port']), families.get(family, 0), socket.SOCK_STREAM):
        one = private(socket.socket(kind, type, protocol))
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

    where = word(command.get('cwd'))
    if not PY2 and max(moves) <= 2:
        # no Python code runs in the child: between fork and exec of a process with threads it may wait for what another thread held
        return subprocess.Popen(
            args, env=environment, cwd=where, stdin=moves[0], stdout=moves[1], stderr=moves[2], start_new_session=True)

    def prepare():
        os.setsid()
        # all of them are above FIRST_FREE, or the standard ones of this process
        for number, fd in moves.items():
            os.dup2(fd, number)
        keep_others_from_children(moves)

    return subprocess.Popen(args, env=environment, cwd=where, preexec_fn=prepare, close_fds=False)


def exit_status(process):
    """Waits for the end of a process: its status, negative for a signal. None if somebody else has taken it, which Popen tells as 0."""
    while True:
        try:
            status = os.waitpid(process.pid, 0)[1]
            break
        except OSError as error:
            if error.errno == errno.EINTR:
                continue
            process.returncode = 0
            return None
    process.returncode = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return process.returncode


def start_failure(error, command):
    file = command['file']
    if error.errno == errno.ENOENT:
        if '/' not in file:
            return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND', 'there is no program "%s" on the PATH %s' % (file, command['env'].get('PATH', os.environ.get('PATH', ''))))
        if os.path.exists(os.path.join(command.get('cwd') or '.', file)):
            return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND',
                           '"%s" is there, but what its first line names (#!), or its loader, is not' % file)
        return Failure('ERR_EXECNET_INTERPRETER_NOT_FOUND', 'there is no program "%s"' % file)
    if error.errno == errno.EACCES:
        return Failure('ERR_EXECNET_INTERPRETER_NOT_EXECUTABLE', '"%s" may not be executed: it is no file with permission to execute' % file)
    return Failure('ERR_EXECNET_SPAWN', '"%s" can not be started: %s' % (file, error))


def check_folder(path):
    if not os.path.isdir(path):
        raise Failure('ERR_EXECNET_CHDIR', 'the folder "%s" (cwd) can not be entered: it is no folder, or not there' % path)
    if not os.access(path, os.X_OK):
        raise Failure('ERR_EXECNET_CHDIR', 'the folder "%s" (cwd) can not be entered: %s' % (path, os.strerror(errno.EACCES)))


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
        with Forking():
            process = subprocess.Popen(['nice', '-n', str(nice), 'nice'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if int(process.communicate()[0]) == wanted:
            return
    except ValueError:
        pass
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
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
