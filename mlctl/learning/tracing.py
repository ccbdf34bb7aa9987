"""What the user's code uses while it runs in this process: modules, files, variables, packages.

The interpreter tells of every file that is opened (audit events); a look at a file that is not opened and a
variable of the environment are told by what stands in for `os.stat` and `os.environ` meanwhile. Native code
opens files out of sight: where the project imports a package that does, the trace says that it is blind.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from types import FrameType
from typing import Any

from mlctl.learning.from_source import FromSource
from mlctl.workspace.environment import MACHINE
from mlctl.workspace.project_files import names_in
from mlctl.workspace.syntax import imports

NATIVE = frozenset(
    {
        "adbc_driver_manager",
        "catboost",
        "cffi",
        "ctypes",
        "cv2",
        "duckdb",
        "h5py",
        "lightgbm",
        "netCDF4",
        "polars",
        "pyarrow",
        "rasterio",
        "tables",
        "tensorflow",
        "xgboost",
    }
)
"""Top-level modules whose native code opens files that no trace sees."""

_PROGRAMS = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.Popen",
}
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/run/", "/opt/")
_IMPORTLIB = os.path.join(os.path.dirname(os.__file__), "importlib") + os.sep
_READ_WRITE = os.O_WRONLY | os.O_RDWR
_LOOKUP = ("os.py", "<frozen os>", "_collections_abc.py", "<frozen _collections_abc>")


_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Trace:
    """What was heard.

    Attributes:
        read: files by absolute path, each with its stamp when it was first opened.
        looked: whether a file was there that was looked at.
        listed: absolute paths of folders, with the digest of their names.
        variables: that the user's code read, with their values; None where it was not set.
        settings: names of those that libraries read.
        assigned: names of variables that were set meanwhile.
        programs, live: why something was out of sight.
        modules: absolute paths of the modules that are not installed; known when the trace has ended.
    """

    def __init__(self, root: Path) -> None:
        self.root = f"{root}{os.sep}"
        self._real = f"{os.path.realpath(root)}{os.sep}"
        self.read: dict[str, tuple[int, int] | None] = {}
        self.looked: dict[str, bool] = {}
        self.listed: dict[str, str] = {}
        self.variables: dict[str, str | None] = {}
        self.settings: set[str] = set()
        self.assigned: set[str] = set()
        self.modules: set[str] = set()
        self.programs: set[str] = set()
        self.live: set[str] = set()
        self._written: set[str] = set()
        self._installed = installed_folders()

    def hear(self, event: str, arguments: tuple[Any, ...], caller: FrameType | None) -> None:
        """Take in an audit event."""
        if event == "open":
            self._opened(arguments, caller)
        elif event in {"os.listdir", "os.scandir"}:
            self._listed(arguments[0], caller)
        elif event == "sqlite3.connect":
            self._opened((arguments[0], None, 0), caller)
        elif event in _PROGRAMS:
            self.programs.add(event.partition(".")[2] if event != "subprocess.Popen" else str(arguments[0]))
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            self.live.add(f"it asked {arguments[1][0]} over the network")

    def _opened(self, arguments: tuple[Any, ...], caller: FrameType | None) -> None:
        path, mode, flags = arguments
        if isinstance(path, int) or path is None or _is_importing(caller):
            return
        name = self._absolute(path)
        if not self._counts(name):
            return
        if flags & _READ_WRITE and not (isinstance(mode, str) and "+" in mode and "r" in mode):
            self._written.add(name)
        elif name not in self._written and name not in self.read:
            self.read[name] = _stamp(name)

    def _listed(self, path: Any, caller: FrameType | None) -> None:
        if isinstance(path, int) or _is_importing(caller):
            return
        name = self._absolute(path if path is not None else ".")
        if self._counts(f"{name}{os.sep}") and name not in self.listed:
            self.listed[name] = names_in(Path(name))

    def saw(self, path: Any, *, there: bool, caller: FrameType | None) -> None:
        """Take in a look at a file."""
        if isinstance(path, int) or _is_importing(caller):
            return
        name = self._absolute(path)
        if self._counts(name) and name not in self._written:
            self.looked.setdefault(name, there)

    def asked(self, name: str, value: str | None, caller: FrameType | None) -> None:
        """Take in a reading of a variable; what a library asks about the machine does not count."""
        while caller is not None and caller.f_code.co_filename.endswith(_LOOKUP):
            caller = caller.f_back
        if name in self.assigned:
            return
        if caller is not None and self.is_own(caller.f_code.co_filename):
            self.variables.setdefault(name, value)
        elif name not in MACHINE and not name.startswith(("LC_", "XDG_", "SSH_", "MLCTL_")):
            self.settings.add(name)

    def _absolute(self, path: Any) -> str:
        """Where it is; below the project, as the project's folder is written."""
        name = os.path.abspath(os.fsdecode(path))
        return self.root + name[len(self._real) :] if name.startswith(self._real) else name

    def is_own(self, file: str) -> bool:
        """Whether it is neither a file of an installed package nor one of mlctl."""
        return file.startswith(os.sep) and not file.startswith((_OURS, *self._installed))

    def _counts(self, name: str) -> bool:
        if name.startswith(self.root):
            within = name[len(self.root) :]
            hidden = within.startswith((".mlctl/", ".git/", ".dvc/")) or "__pycache__" in within
            return not hidden and not name.startswith(self._installed)
        return not name.startswith((_OURS, *_SYSTEM, *self._installed))


def installed_folders() -> tuple[str, ...]:
    """Where the interpreter and installed packages are; their versions tell what they hold."""
    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}
    found |= {one for one in sys.path if os.path.basename(one) in {"site-packages", "dist-packages"}}
    return tuple(sorted({f"{path}{os.sep}" for one in found for path in (one, os.path.realpath(one))}))


def _is_importing(caller: FrameType | None) -> bool:
    return caller is not None and caller.f_code.co_filename.startswith(("<frozen importlib", _IMPORTLIB))


def _stamp(name: str) -> tuple[int, int] | None:
    try:
        status = os.stat(name)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


class _Hook:
    """The one audit hook of the process: none can be taken away again."""

    def __init__(self) -> None:
        self.trace: Trace | None = None
        self._hooked = False
        self._thread = threading.local()

    def listen(self, trace: Trace | None) -> None:
        """Tell this trace, or nobody, from now on."""
        self.trace = trace
        if trace is not None and not self._hooked:
            sys.addaudithook(self._hear)
            self._hooked = True

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        trace = self.trace
        if trace is None or getattr(self._thread, "busy", False):
            return
        self._thread.busy = True
        try:
            trace.hear(event, arguments, sys._getframe(1))  # noqa: SLF001 - who has asked for it
        except Exception as error:  # noqa: BLE001 - what the user's code does must go on
            trace.programs.add(f"an untraceable {event} ({type(error).__name__})")
        finally:
            self._thread.busy = False


_HOOK = _Hook()


@contextmanager
def tracing(root: Path) -> Iterator[Trace]:
    """Trace what runs inside, in all threads; the project's modules are imported anew."""
    for name in [*_modules_of(root), *_in_the_way(root)]:  # nobody must run yesterday's code, or another's
        sys.modules.pop(name, None)
    trace, before = Trace(root), set(sys.modules)
    kept = os.stat, os.environ.__class__
    finder = FromSource(trace.is_own)
    sys.meta_path.insert(sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0, finder)
    os.stat = _looking(trace, os.stat)
    os.environ.__class__ = _asking(trace, kept[1])
    _HOOK.listen(trace)
    try:
        yield trace
    finally:
        _HOOK.listen(None)
        os.stat, os.environ.__class__ = kept
        sys.meta_path.remove(finder)
        trace.modules = _used_modules(root, before)


def _looking(trace: Trace, stat: Any) -> Any:
    def looking(path: Any, *args: Any, **options: Any) -> os.stat_result:
        if "dir_fd" in options or _HOOK.trace is not trace:
            found: os.stat_result = stat(path, *args, **options)
            return found
        try:
            found = stat(path, *args, **options)
        except OSError:
            trace.saw(path, there=False, caller=sys._getframe(1))  # noqa: SLF001 - who looks
            raise
        trace.saw(path, there=True, caller=sys._getframe(1))  # noqa: SLF001 - who looks
        return found

    return looking


def _asking(trace: Trace, plain: Any) -> Any:
    class Asking(plain):  # type: ignore[misc] # the class of os.environ is private to the interpreter
        """The environment, telling what is read of it."""

        def __getitem__(self, name: str) -> str:
            try:
                value: str = plain.__getitem__(self, name)
            except KeyError:
                trace.asked(name, None, sys._getframe(1))  # noqa: SLF001 - who asks
                raise
            trace.asked(name, value, sys._getframe(1))  # noqa: SLF001 - who asks
            return value

        def __setitem__(self, name: str, value: str) -> None:
            trace.assigned.add(name)
            plain.__setitem__(self, name, value)

    return Asking


def _modules_of(root: Path) -> list[str]:
    """Names of imported modules of the project."""
    inside, installed = f"{root}{os.sep}", installed_folders()
    files = {name: _file_of(module) for name, module in list(sys.modules.items()) if name != "__main__"}
    return [
        name for name, file in files.items() if file.startswith(inside) and not file.startswith(installed)
    ]


def _in_the_way(root: Path) -> list[str]:
    """Names of modules of another project that stand where this one's would be imported."""
    here = {path.name.removesuffix(".py") for path in root.iterdir() if path.suffix in {".py", ""}}
    installed = (_OURS, *installed_folders())
    return [
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in here and (file := _file_of(module)) and not file.startswith(installed)
    ]


def _file_of(module: Any) -> str:
    """The module's file; what the importer finds is absolute, and some objects only look like modules."""
    file = getattr(module, "__file__", None)
    return os.path.normpath(file) if isinstance(file, str) and os.path.isabs(file) else ""


def _used_modules(root: Path, before: set[str]) -> set[str]:
    """Files of the modules that a trace has used: the project's, those that came meanwhile, what they import.

    What is installed is told by its version; a module elsewhere that was there before (a plugin that somebody
    works on) counts only where one of these imports it.
    """
    installed = (_OURS, *installed_folders())
    todo = [*_modules_of(root), *(set(sys.modules) - before)]
    names: set[str] = set()
    files: set[str] = set()
    while todo:
        name = todo.pop()
        file = _file_of(sys.modules.get(name))
        if name in names or not file.endswith(".py") or file.startswith(installed):
            continue
        names.add(name)
        files.add(file)
        todo += [module for module, level in imports(Path(file).read_bytes()) if not level]
    return files
