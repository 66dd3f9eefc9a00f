def describe(error):
    """An exception, or a text, as it travels; never fails."""
    if not isinstance(error, BaseException):
        text = error if isinstance(error, text_type) else str(error)
        return {'name': 'Error', 'message': text, 'stack': text}
    return described(error, getattr(error, '__traceback__', None) or (sys.exc_info()[2] if sys.exc_info()[1] is error else None), {}, 0)


def described(error, trace, texts, depth):
    name = type(error).__name__
    try:
        message = text_of(error)
    except Exception:
        message = 'an error that can not be described'
    kept = {}
    try:
        import linecache
        import traceback
        # what is ours is of no interest
        while trace is not None and trace.tb_frame.f_code.co_filename == PROGRAM:
            trace = trace.tb_next
        for file, text in texts.items():
            kept[file] = linecache.cache.get(file)
            linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        lines = traceback.format_exception(type(error), error, trace, None, **({} if PY2 else {'chain': False}))
        stack = text_of(''.join(lines)).rstrip('\n')
    except Exception:
        stack = '%s: %s' % (name, message)
    finally:
        for file, entry in kept.items():
            if entry is None:
                linecache.cache.pop(file, None)
            else:
                linecache.cache[file] = entry
    result = {'name': name, 'message': message, 'stack': stack}
    cause = getattr(error, '__cause__', None)
    if cause is None and not getattr(error, '__suppress_context__', True):
        cause = error.__context__
    if cause is not None and depth < MAX_CAUSES:
        result['cause'] = described(cause, cause.__traceback__, texts, depth + 1)
    return result


def text_of(value):
    """A text that can travel, whatever it was."""
    if PY2:
        try:
            return unicode(value)  # noqa: F821
        except UnicodeError:
            return str(value).decode('utf-8', 'replace')
    return str(value).encode('utf-8', 'backslashreplace').decode('utf-8')
