OP_TUPLE, OP_BYTES, OP_CHANNEL, OP_FALSE, OP_FLOAT, OP_FROZENSET, OP_INT, OP_LONG, OP_LONGINT, OP_LONGLONG = [
    struct.pack('B', code) for code in range(0x40, 0x4a)]
OP_DICT, OP_LIST, OP_NONE, OP_PY2STRING, OP_PY3STRING, OP_SET, OP_SETITEM, OP_STOP, OP_TRUE, OP_UNICODE, OP_COMPLEX = [
    struct.pack('B', code) for code in range(0x4a, 0x55)]

INT_OPS = struct.Struct('>ci')


def counted(opcode, count):
    return INT_OPS.pack(opcode, count)


class Dumper(object):
    """Values to bytes. `carried` are the ids of the channels in the value dumped last."""

    def __init__(self, link):
        self.link = link

    def dump(self, value):
        """The bytes of one value and the ids of the channels in it, or None."""
        out = []
        carried = []
        try:
            self.value(value, out.append, carried)
        except RuntimeError as error:
            if 'recursion' not in str(error):
                raise
            raise DumpError('the value is nested too deep, or holds itself')
        out.append(OP_STOP)
        return b''.join(out), carried

    def value(self, value, put, carried):
        kind = type(value)
        if kind is text_type:
            try:
                data = value.encode('utf-8')
                if PY2 and b'\xed' in data:
                    # Python 2 writes half a surrogate pair, which nobody can read
                    value.encode('utf-16-le').decode('utf-16-le')
            except UnicodeError:
                raise DumpError('a string with half a surrogate pair can not be sent: %r' % value[:80])
            put(counted(OP_UNICODE if PY2 else OP_PY3STRING, len(data)))
            put(data)
        elif kind is int:
            if -0x80000000 <= value <= 0x7fffffff:
                put(counted(OP_INT, value))
            else:
                self.digits(OP_LONGINT, value, put)
        elif kind is bytes:
            put(counted(OP_PY2STRING if PY2 else OP_BYTES, len(value)))
            put(value)
        elif value is None:
            put(OP_NONE)
        elif kind is bool:
            put(OP_TRUE if value else OP_FALSE)
        elif kind is float:
            put(OP_FLOAT + FLOAT.pack(value))
        elif kind is list or kind is dict or kind is tuple or kind is set or kind is frozenset:
            place = name = None
            try:
                if kind is list:
                    # as it is now: other threads may change it meanwhile
                    items = list(value)
                    place = '[%d]'
                    put(counted(OP_LIST, len(items)))
                    for name, item in enumerate(items):
                        put(counted(OP_INT, name))
                        self.value(item, put, carried)
                        put(OP_SETITEM)
                elif kind is dict:
                    put(OP_DICT)
                    for name, item in value.copy().items():
                        place = '{%.80r}'
                        self.value(name, put, carried)
                        place = '[%.80r]'
                        self.value(item, put, carried)
                        put(OP_SETITEM)
                elif kind is tuple:
                    place = '[%d]'
                    for name, item in enumerate(value):
                        self.value(item, put, carried)
                    put(counted(OP_TUPLE, len(value)))
                else:
                    place = '{%.80r}'
                    items = list(value)
                    for name in items:
                        self.value(name, put, carried)
                    put(counted(OP_SET if kind is set else OP_FROZENSET, len(items)))
            except DumpError as error:
                error.inside(place, name)
                raise
        elif kind is complex:
            put(OP_COMPLEX + COMPLEX.pack(value.real, value.imag))
        elif kind is Channel:
            state = value._state
            if state.link is not self.link or state.closed:
                raise DumpError('%r is closed and can not be sent' % value)
            state.nested = True
            carried.append(state.id)
            put(counted(OP_CHANNEL, state.id))
        elif kind is long_type:
            if -0x80000000 <= value <= 0x7fffffff:
                put(counted(OP_LONG, value))
            else:
                self.digits(OP_LONGLONG, value, put)
        elif kind is bytearray:
            data = bytes(value)
            put(counted(OP_BYTES, len(data)))
            put(data)
        else:
            number = number_of(value, kind)
            if number is None:
                instead = ', or what its tolist() gives' if hasattr(kind, 'tolist') else ''
                raise DumpError('a value of the type %s can not be sent: send None, numbers, strings, bytes, lists, tuples, sets, dicts and channels%s'
                                % (kind.__name__, instead))
            self.value(number, put, carried)

    @staticmethod
    def digits(opcode, value, put):
        data = decimal(value).encode('ascii')
        put(counted(opcode, len(data)))
        put(data)


# by the kind of their dtype
SCALARS = {'b': bool, 'i': int, 'u': int, 'f': float, 'c': complex}
NUMBERS = (bool, int, long_type or int, float, complex)


def number_of(value, kind):
    """The number that a scalar of numpy is, or another integer that is none of Python's; None for what is no number, or would not be the same."""
    try:
        dtype = getattr(value, 'dtype', None)
        if hasattr(kind, '__len__'):
            convert = None
        elif dtype is not None:
            convert = SCALARS.get(dtype.kind)
        else:
            # what has a name, as those of an Enum, would lose that
            convert = None if isinstance(value, int) else getattr(kind, '__index__', None)
        number = convert and convert(value)
        if type(number) in NUMBERS and (number == value or value != value):
            return number
    except Exception:
        pass
    return None


# as few as a program can have Python's conversions limited to
DIGITS = 640


def decimal(value):
    try:
        return '%d' % value
    except ValueError:
        # Python limits the conversion since 3.11, against hostile input; this is none
        sign, value = ('-', -value) if value < 0 else ('', value)
        parts = []
        base = 10 ** DIGITS
        while value:
            value, part = divmod(value, base)
            parts.append(('%d' % part).rjust(DIGITS, '0') if value else '%d' % part)
        return sign + ''.join(reversed(parts))


def integer(digits):
    try:
        return int(digits)
    except ValueError:
        negative = digits.startswith('-')
        digits = digits.lstrip('+-')
        if not digits.isdigit():
            raise LoadError('%r is no number' % digits[:40])
        value = 0
        for at in range(0, len(digits), DIGITS):
            part = digits[at:at + DIGITS]
            value = value * 10 ** len(part) + int(part)
        return -value if negative else value
