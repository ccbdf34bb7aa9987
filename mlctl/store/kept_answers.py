"""Answers that are kept for as long as nothing changes that they rest on; the plain questions begin here.

An answer is given again only where every file and folder that it was made from has the stamp that it had
(`docs/decisions/0007-kept-answers.md`). Disposable: one that is damaged, or another program's, is not there.
Loaded before anything else, so it imports next to nothing: no msgspec, no pathlib, no json (5 ms), no hashlib
(3 ms: a checksum finds a flipped byte as surely).
"""

import os
import sys
import time
from zlib import crc32

from mlctl import __version__

MOST = 1_500
"""Stamps of one answer; looking at more takes longer than it saves."""

_KIND = "mlctl kept answer 1"
_FORMAT = os.path.join(".mlctl", "format")
_JOINED = os.path.join(".mlctl", "worktree")
_FOLDER = os.path.join(".mlctl", "index", "answers")
_TMP = os.path.join(".mlctl", "tmp")
_SETTLED = (
    2_000_000_000  # ns; a file changed less long ago may change again and keep its stamp (FAT ticks so)
)
_SKEW = 1_000_000_000  # ns that the file system's clock may be apart from ours
_LINK = 0o120000
_KIND_OF_FILE = 0o170000
_BROKEN_PIPE = 141


def give(arguments: list[str]) -> int | None:
    """Print the kept answer to this command line; its exit code, or None where there is none that holds."""
    if not _may(arguments):
        return None
    try:
        found = _found(arguments)
    except (OSError, ValueError):  # unreadable, damaged: as if it were not there
        return None
    if found is None:
        return None
    answer, talk = found
    try:
        _write(sys.stdout.fileno(), answer)
        if talk and sys.stderr is not None and sys.stderr.isatty():
            _write(sys.stderr.fileno(), talk)
    except BrokenPipeError:
        return _BROKEN_PIPE
    except (OSError, ValueError):  # a full disk: the long way finds it too, and explains it
        return None
    return 0


def keep(
    arguments: list[str],
    answer: bytes,
    talk: bytes,
    *,
    root: str,
    paths: set[str],
    started: tuple[int, int],
    until: int | None,
) -> bool:
    """Keep an answer, unless it is not sure that it can be; whether it was.

    Args:
        arguments: of the command line, without the program.
        answer: what was printed on stdout.
        talk: what is printed on stderr where that is a terminal.
        root: the project's folder, as `project_root` finds it.
        paths: every file and folder that the answer rests on, absolute; missing ones too; and variables of
            the environment as "$NAME".
        started: wall clock and monotonic clock, ns, before any of them was looked at.
        until: wall clock, ns, from which the answer may be another; None for never.
    """
    wanted = sorted(paths)
    if not _may(arguments) or len(wanted) > MOST or any("\n" in path for path in wanted):
        return False
    try:
        stamps = [_settled_stamp(path, started[0] - _SETTLED) for path in wanted]
        if None in stamps:
            return False
        head = [_identity(arguments, root), f"{started[0]} {until or 0} {len(answer)}"]
        head += [f"{stamp} {path}" for stamp, path in zip(stamps, wanted, strict=True)]
        body = os.fsencode("\n".join(head)) + b"\n\n" + answer + talk
        return _store(root, _name(arguments), b"%08x\n%b" % (crc32(body), body), started)
    except (OSError, ValueError):  # a read-only or a full disk: then it is not kept
        return False


def _may(arguments: list[str]) -> bool:
    """Whether this process asks plainly, with no setting of mlctl's own."""
    if sys.stdout is None or any(name.startswith("MLCTL_") for name in os.environ):
        return False
    name = _name(arguments)
    if not (name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()):
        return False
    return not ("--json" in arguments and sys.stdout.isatty())  # JSON is indented on a terminal


def _name(arguments: list[str]) -> str:
    return "".join(arguments)


def project_root() -> str | None:
    """The folder of the nearest repository, as `Repository.find` finds it; None in a linked work tree."""
    folder = os.getcwd()
    while True:
        try:
            os.stat(os.path.join(folder, _FORMAT))
        except (FileNotFoundError, NotADirectoryError):
            if os.path.exists(os.path.join(folder, _JOINED)) or os.path.isfile(os.path.join(folder, ".git")):
                return None  # a work tree that shares another one's store, or none yet
            above = os.path.dirname(folder)
            if above == folder:
                return None
            folder = above
        else:
            return folder


def _found(arguments: list[str]) -> tuple[bytes, bytes] | None:
    root = project_root()
    if root is None:
        return None
    path = os.path.join(root, _FOLDER, _name(arguments))
    with open(path, "rb") as file:
        checksum, _, body = file.read().partition(b"\n")
    if checksum != b"%08x" % crc32(body):
        return None
    top, _, printed = body.partition(b"\n\n")
    head = os.fsdecode(top).split("\n")
    if head[0] != _identity(arguments, root):
        return None
    started, until, length = (int(number) for number in head[1].split(" "))
    now = time.time_ns()
    if now < started or (until and now >= until):
        return None
    for line in head[2:]:
        stamp, _, at = line.partition(" ")
        if _stamp(at) != stamp:
            return None
    return printed[:length], printed[length:]


def _identity(arguments: list[str], root: str) -> str:
    """Who answers what, where and in which letters: of all this nothing may differ."""
    program = (__version__, sys.version, sys.executable, sys.path, os.geteuid())
    here = None if all(folder.startswith("/") for folder in sys.path) else os.getcwd()
    return repr((_KIND, program, root, here, arguments, sys.stdout.encoding, sys.stdout.errors))


def _stamp(path: str) -> str:
    """What the file system says of a path; equal stamps, equal content (once it is settled).

    Of a variable, "$NAME", a checksum of its value.
    """
    if path.startswith("$"):
        value = os.environ.get(path[1:])
        return "-" if value is None else f"{crc32(os.fsencode(value)):08x},{len(value)}"
    try:
        status = os.lstat(path)
        if status.st_mode & _KIND_OF_FILE == _LINK:
            return f"{_text(status)},{_text(os.stat(path))}"
    except OSError as error:
        return f"-{error.errno}"
    return _text(status)


def _text(status: os.stat_result) -> str:
    where = f"{status.st_dev},{status.st_ino},{status.st_mode}"
    return f"{where},{status.st_size},{status.st_mtime_ns},{status.st_ctime_ns}"


def _settled_stamp(path: str, before: int) -> str | None:
    """The stamp of a path that has not changed since a moment (ns); None where it may have.

    Of a missing path, and of the target of a link, the nearest folder that is there tells.
    """
    stamp = _stamp(path)
    while not path.startswith("$"):
        try:
            seen = [os.lstat(path)]
            if seen[0].st_mode & _KIND_OF_FILE == _LINK:
                seen.append(os.stat(path))
        except (FileNotFoundError, NotADirectoryError):
            path = os.path.dirname(path)
            continue
        quiet = all(max(status.st_mtime_ns, status.st_ctime_ns) < before for status in seen)
        return stamp if quiet else None
    return stamp


def _store(root: str, name: str, content: bytes, started: tuple[int, int]) -> bool:
    """Write aside and rename; not flushed, since a torn file is found by its checksum."""
    folder = os.path.join(root, _FOLDER)
    os.makedirs(folder, exist_ok=True)
    aside = os.path.join(root, _TMP, f"{name}-{os.urandom(8).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _write(descriptor, content)
        written = os.fstat(descriptor).st_mtime_ns
        now, steady = time.time_ns(), time.monotonic_ns()
        # a clock that was set meanwhile, or another one on a file server: old and new are hard to tell apart
        if abs((now - started[0]) - (steady - started[1])) > _SKEW or abs(now - written) > _SKEW:
            return False
        os.rename(aside, os.path.join(folder, name))
        aside = ""
    finally:
        os.close(descriptor)
        if aside:
            os.unlink(aside)
    return True


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
