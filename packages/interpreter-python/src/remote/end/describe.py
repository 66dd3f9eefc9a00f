UNKNOWN = 'an error that can not be described'


def describe(error):
    """An exception, or a text, as it travels; never fails."""
    if not is_a(error, BaseException):
        text = error if is_a(error, text_type) else message_of(error)
        return {'name': 'Error', 'message': text, 'stack': text}
    return described(error, exc_info()[2] if exc_info()[1] is error else trace_of(error), {}, 0)


def is_a(value, kinds):
    """`isinstance` by the type alone: a class of the user may fail to say what it is."""
    return issubclass(type(value), kinds)


def trace_of(error):
    try:
        return error.__traceback__
    except BaseException:
        # Python 2 keeps none
        return None


def name_of(error):
    """The name of its class, unless that fails to say it."""
    try:
        # the type of one of a class of the old kind says nothing
        return text_of(getattr(getattr(error, '__class__', None), '__name__', None) or type(error).__name__)
    except BaseException:
        return text_of(type.__dict__['__name__'].__get__(type(error)))


def described(error, trace, texts, depth, told=None):
    """An exception as it travels; never fails."""
    try:
        return description(error, trace, texts, depth, told)
    except BaseException:
        # code of the user has broken what describes it
        return {'name': 'Error', 'message': UNKNOWN, 'stack': UNKNOWN}


def description(error, trace, texts, depth, told):
    name = name_of(error)
    told = [0] if told is None else told
    told[0] += 1
    message = without_numbers(message_of(error))
    kept = {}
    try:
        linecache = own_import('linecache')
        traceback = own_import('traceback')
        # what is ours is of no interest
        while trace is not None and trace.tb_frame.f_code.co_filename == PROGRAM:
            trace = trace.tb_next
        for file, text in texts.items():
            kept[file] = linecache.cache.get(file)
            linecache.cache[file] = len(text), None, SourceText(text).splitlines(True), file
        lines = with_own_imports(lambda: traceback.format_exception(type(error), error, trace, None, **({} if PY2 else {'chain': False})))
        stack = without_numbers(''.join([text_of(line) for line in lines]).rstrip('\n'))
    except BaseException:
        stack = '%s: %s' % (name, message)
    finally:
        for file, entry in kept.items():
            if entry is None:
                linecache.cache.pop(file, None)
            else:
                linecache.cache[file] = entry
    result = {'name': name, 'message': message, 'stack': stack}
    for tell in (tell_others, tell_properties):
        try:
            tell(result, error, texts, depth, told)
        except BaseException:
            # what there is says enough
            pass
    return result


def undescribed(told, depth=0):
    """The text of an error as the other end has described it, with those that it comes with."""
    if not isinstance(told, dict):
        return text_of(told)
    text = told.get('stack') or told.get('message')
    if depth < MAX_CAUSES:
        others = [('errors', one) for one in told.get('errors') or ()]
        if told.get('cause') is not None:
            others.append(('cause', told['cause']))
        for name, other in others:
            text += '\n  [%s]: %s' % (name, undescribed(other, depth + 1).replace('\n', '\n  '))
    return text


def message_of(error):
    try:
        return text_of(error)
    except BaseException:
        return UNKNOWN


def without_numbers(text):
    """Texts have one file each here; who is told of an error knows which it was."""
    parts = text.split(TEXT_NAME + ' ')
    return TEXT_NAME.join(parts[:1] + [part.lstrip('0123456789') for part in parts[1:]])


class SourceText(str):
    """The text of a program. Its lines are those that Python counts: no other characters end one."""

    if PY2:
        def __new__(cls, text):
            return str.__new__(cls, text.encode('utf-8') if isinstance(text, text_type) else text)

    def splitlines(self, keepends=False):
        lines = self.replace('\r\n', '\n').replace('\r', '\n').split('\n')
        return [line + '\n' for line in lines] if keepends else lines


def tell_others(result, error, texts, depth, told):
    """The errors that an exception comes with."""
    cause = getattr(error, '__cause__', None)
    if cause is None and not getattr(error, '__suppress_context__', True):
        cause = error.__context__
    if cause is not None and depth < MAX_CAUSES and told[0] < MAX_ERRORS:
        result['cause'] = described(cause, trace_of(cause), texts, depth + 1, told)
    group = getattr(error, 'exceptions', None)
    if is_a(group, tuple) and depth < MAX_CAUSES:
        result['errors'] = errors = []
        for one in group:
            if is_a(one, BaseException) and told[0] < MAX_ERRORS:
                errors.append(described(one, trace_of(one), texts, depth + 1, told))


def tell_properties(result, error, texts, depth, told):
    """Whatever data an exception has besides its name, its message and its stack."""
    found = dict(getattr(error, '__dict__', {}))
    if is_a(error, EnvironmentError):
        for name in ('errno', 'strerror', 'filename', 'filename2'):
            found.setdefault(name, getattr(error, name, None))
        code = error_code(error)
        if code is not None:
            result['code'] = code
    if is_a(error, SystemExit):
        found['code'] = error.code
    left = [MAX_VALUES]
    properties = dict([(text_of(name), data_of(value, 0, left)) for name, value in list(found.items())[:MAX_PROPERTIES]
                       if value is not None and not text_of(name).startswith('__')])
    if properties:
        result['properties'] = properties


def error_code(error):
    """`ENOENT`; None for errors with numbers of their own."""
    import errno
    number = error.errno
    own = [kind.__name__ for kind in type(error).__mro__]
    if type(number) is not int or 'SSLError' in own or 'gaierror' in own or 'herror' in own:
        return None
    return errno.errorcode.get(number)


def data_of(value, depth, left):
    """A copy of a value, as far as it is data; what is not is there as a text that shows it. What is too long, too much or too deep, is cut."""
    left[0] -= 1
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return value
    if kind is text_type:
        return text_of(value[:MAX_PROPERTY])
    if kind in (bytes, bytearray):
        return value[:MAX_PROPERTY]
    if depth < MAX_CAUSES and left[0] > 0:
        if kind in (list, tuple):
            return [data_of(item, depth + 1, left) for item in value[:min(MAX_PROPERTIES, left[0])]]
        if kind in (set, frozenset):
            items = [data_of(item, depth + 1, left) for item in list(value)[:min(MAX_PROPERTIES, left[0])]]
            try:
                return kind(items)
            except TypeError:
                # the copy of a tuple is a list, which no set takes
                return items
        if kind is dict:
            return dict([(data_of(key, depth + 1, left) if is_a(key, (text_type, str, int, float)) else shown(key), data_of(item, depth + 1, left))
                         for key, item in list(value.items())[:min(MAX_PROPERTIES, left[0])]])
        if is_a(value, BaseException):
            return dict([('name', name_of(value)), ('message', message_of(value))]
                        + [(text_of(name), data_of(item, depth + 1, left)) for name, item in list(value.__dict__.items())[:MAX_PROPERTIES]])
    return shown(value)


def shown(value):
    try:
        return text_of(repr(value))[:MAX_PROPERTY]
    except BaseException:
        return text_of('<%s>' % name_of(value))


def text_of(value):
    """A text that can travel, whatever it was."""
    if PY2:
        try:
            # half a surrogate pair is written, and can't be read
            return unicode(value).encode('utf-16-le').decode('utf-16-le', 'replace')  # noqa: F821
        except UnicodeError:
            return str(value).decode('utf-8', 'replace')
    return str(value).encode('utf-8', 'backslashreplace').decode('utf-8')


# what encodes is found in the library the first time
text_of('')
