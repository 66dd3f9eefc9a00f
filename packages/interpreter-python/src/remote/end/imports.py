# the threads that import something for this program
IMPORTING = []

if PY2:
    import imp
else:
    from _frozen_importlib_external import PathFinder


class OwnImports(object):
    """Finds modules that this program needs later, and what those need. What lies in the working folder is for code of the user, also if it is called traceback.py."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None and get_ident() in IMPORTING:
            return PathFinder.find_spec(name, installed())

    @staticmethod
    def find_module(name, path=None):
        """For Python 2."""
        if path is None and get_ident() in IMPORTING:
            try:
                return InstalledModule(*imp.find_module(name, installed()))
            except ImportError:
                # built into the interpreter, or in an archive, as the library of Jython is
                return archived(name)


class InstalledModule(object):
    def __init__(self, file, path, kind):
        self.found = file, path, kind

    def load_module(self, name):
        try:
            return imp.load_module(name, *self.found)
        finally:
            if self.found[0]:
                self.found[0].close()


def archived(name):
    for folder in installed():
        for hook in sys.path_hooks:
            try:
                found = hook(folder).find_module(name)
            except ImportError:
                continue
            if found is not None:
                return found


def installed():
    return [folder for folder in sys.path if folder != '']


def own_import(name):
    return with_own_imports(lambda: __import__(name))


def with_own_imports(work):
    """Does what imports something, or uses what does so when it is used."""
    IMPORTING.append(get_ident())
    try:
        return work()
    finally:
        IMPORTING.remove(get_ident())


sys.meta_path.insert(0, OwnImports)
