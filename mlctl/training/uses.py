"""What runs really used: made of a trace when a run ends, and held against the project when it is asked for.

A run is the answer to a recipe only where nothing that it used has changed. What a trace cannot follow falls
on the safe side: all files of the project count then, or the run is never reused, and the run says why.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from mlctl.datasets.intake import look
from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.errors import MlctlError
from mlctl.domain.looks import clock_read, environment_read, looked_at
from mlctl.domain.run import Run
from mlctl.domain.used import ABSENT, DATA, FOLDER, PRESENT, PROJECT, Module, Used, first_change
from mlctl.project.places import Place, known_places
from mlctl.project.session import Session
from mlctl.workspace.distributions import packages_of
from mlctl.workspace.environment import MACHINE, installed_packages, program_variables, variables_at_start
from mlctl.workspace.hashing import stamp_of
from mlctl.workspace.project_files import names_in, project_files
from mlctl.workspace.scan import Memory, read_file
from mlctl.workspace.syntax import imports, statements

if TYPE_CHECKING:
    from mlctl.learning.tracing import Trace
    from mlctl.store.stat_cache import Row

_NAME = 16  # digits of a digest
_PROGRAMS = f"{PROJECT}and programs "


def used_by(session: Session, trace: "Trace", native: Iterable[str]) -> Used:
    """What was used, of a trace that has just ended.

    Args:
        session: of the project.
        trace: of the run.
        native: names of modules whose native code opens files out of sight.
    """
    root = session.root
    sources = {path: Path(path).read_bytes() for path in sorted(trace.modules)}
    outside = _outside(root, sources)
    blind = [f"{name} reads files out of sight" for name in sorted(outside & set(native))]
    blind += [f"it starts another program ({name})" for name in sorted(trace.programs) if sources]
    files = _states(session, trace, set(sources))
    changed = [path for path, stamp in trace.read.items() if stamp is not None and _stamp(path) != stamp]
    blind += [f"{_relative(root, path)} changed while it was read" for path in sorted(changed)]
    if blind:
        files |= {
            name: sha256_of(session, root / name)
            for name in project_files(root)
            if trace.programs or not name.endswith(".py")
        }
        files |= dict(_data(session))
        files["."] = _names_of_all(root, programs=bool(trace.programs))
    return Used(
        modules={_relative(root, path): _module(source) for path, source in sources.items()},
        files={name: files[name] for name in sorted(files)},
        variables={name: digest_of_value(value) for name, value in sorted(trace.variables.items())},
        settings={name: digest_of_value(variables_at_start().get(name)) for name in sorted(trace.settings)},
        packages=packages_of(outside, sys.path),
        outside=tuple(sorted(outside)),
        missing=tuple(name for name in sorted(outside) if not _has(name)),
        blind=tuple(blind),
        live=tuple(sorted(trace.live)),
    )


def all_of_project(session: Session) -> dict[str, str]:
    """States of all files of the project and of all declared data, and of the names of both."""
    files = sha256s_of(session, [session.root / name for name in project_files(session.root)])
    return files | dict(_data(session)) | {".": _names_of_all(session.root, programs=True)}


def folder_state(path: Path) -> str:
    """State of a folder of which the names count."""
    return f"{FOLDER}{names_in(path)}"


def change_since(session: Session, run: Run) -> str | None:
    """The first thing that a run used and that is not as it was, in words; None where all is."""
    if run.used is None:
        return None
    try:
        used = msgspec.json.decode(session.repository.objects.read(run.used), type=Used)
    except (MlctlError, msgspec.DecodeError):
        return "what the newest run used is damaged: mlctl fsck"
    return next(_changes(session, used), None)


def _changes(session: Session, used: Used) -> Iterator[str]:
    yield from (f"live: {reason}" for reason in used.live)
    yield from _code_changes(session.root, used)
    memory = memory_of(session)  # one for all files: each opens a database
    for name, state in used.files.items():
        yield from _file_changes(session, memory, name, state)
    yield from _environment_changes(used)


def _code_changes(root: Path, used: Used) -> Iterator[str]:
    for path, module in used.modules.items():
        looked_at(root / path)
        yield from _module_changes(root, path, module)
    for name in used.outside:
        places = (f"{name}.py", f"{name}/__init__.py")
        looked_at(root, places)
        there = [one for one in places if (root / one).is_file()]
        yield from (f"code: {one} takes the place of {name}" for one in there)


def _environment_changes(used: Used) -> Iterator[str]:
    environment_read([*used.variables, *used.settings])
    yield from _variables_now(used)
    now = {name: digest_of_value(os.environ.get(name)) for name in used.variables}
    now |= {name: digest_of_value(variables_at_start().get(name)) for name in used.settings}
    before = {**used.settings, **used.variables}
    yield from (f"environment: {name} changed" for name in sorted(before) if now[name] != before[name])
    yield from (f"package: {name} is installed now" for name in used.missing if _has(name))
    installed = installed_packages(sys.path) if used.packages else {}
    for name, version in used.packages.items():
        if installed.get(name) != version:
            yield f"package: {name} {version} -> {installed.get(name, 'not installed')}"


def _variables_now(used: Used) -> Iterator[str]:
    """Variables that are there now and were not, where all of them count."""
    if not used.everything:
        return
    clock_read()  # no list of names says what else may be set: the answer is not kept
    given = {name for name in program_variables(variables_at_start()) if name not in MACHINE}
    if digest_of_value("\0".join(sorted(given))) != used.everything:
        yield from (f"environment: {name} is set now" for name in sorted(given - used.settings.keys()))


def _module_changes(root: Path, path: str, module: Module) -> Iterator[str]:
    try:
        source = (root / path).read_bytes()
    except OSError:
        yield f"code: {path} is gone"
        return
    if hashlib.sha256(source).hexdigest() == module.sha256:
        return
    now = statements(source)
    if tuple(digest for digest, _ in now) != module.statements:
        yield f"code: {path}:{first_change(module.statements, now)} changed"


def _file_changes(session: Session, memory: Memory, name: str, state: str) -> Iterator[str]:
    path = session.root / name
    looked_at(path)
    now = _state(session, memory, path, state)
    if now != state:
        verb = {ABSENT: "is gone"}.get(now, "is there now" if state == ABSENT else "changed")
        yield f"file: {name} {verb}" if name != "." else "file: the project has other files now"


def _state(session: Session, memory: Memory, path: Path, like: str) -> str:
    """What a path holds now, told as it was told before."""
    kind = next((one for one in (PROJECT, DATA, FOLDER) if like.startswith(one)), "")
    if kind == PROJECT:
        return _names_of_all(path, programs=like.startswith(_PROGRAMS))
    if not path.exists():
        return ABSENT
    if kind == DATA:
        return f"{DATA}{look(session, Place(name='', path=_relative(session.root, str(path)))).md5}"
    if kind == FOLDER and path.is_dir():
        return f"{FOLDER}{names_in(path)}"
    if like in {PRESENT, ABSENT} or not path.is_file():
        return PRESENT
    return sha256_of(session, path, memory)


def _states(session: Session, trace: "Trace", modules: set[str]) -> dict[str, str]:
    """States of the files and folders that were opened, listed or looked at, modules left out."""
    root = session.root
    found = {}
    for path, there in trace.looked.items():
        if path not in modules and not path.endswith((".py", ".pyc")):
            found[_relative(root, path)] = PRESENT if there else ABSENT
    for path, digest in trace.listed.items():
        found[_relative(root, path)] = f"{FOLDER}{digest}"
    for path, stamp in trace.read.items():
        if path not in modules:
            there = stamp is not None and Path(path).is_file()
            found[_relative(root, path)] = sha256_of(session, Path(path)) if there else ABSENT
    return found


def _data(session: Session) -> Iterator[tuple[str, str]]:
    """Every dataset's place as it stands: git does not track them."""
    for place in known_places(session)[0]:
        if (session.root / place.path).exists():
            yield place.path, f"{DATA}{look(session, place).md5}"


def _names_of_all(root: Path, *, programs: bool) -> str:
    """The state of the project's files by their names; with `programs`, of those that Python runs as well."""
    looked_at(root)
    names = [name for name in project_files(root) if programs or not name.endswith(".py")]
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_PROGRAMS if programs else PROJECT}{digest}"


def _outside(root: Path, sources: dict[str, bytes]) -> set[str]:
    """Top-level names that the project's modules import and the project does not hold."""
    names = {
        module.partition(".")[0]
        for source in sources.values()
        for module, level in imports(source)
        if not level
    }
    folders = {root, *(Path(path).parent for path in sources)}
    own = {
        name
        for name in names
        if any((one / f"{name}.py").is_file() or (one / name).is_dir() for one in folders)
    }
    return {name for name in names - own if name}


def _module(source: bytes) -> Module:
    return Module(
        sha256=hashlib.sha256(source).hexdigest(),
        statements=tuple(digest for digest, _ in statements(source)),
    )


def sha256_of(session: Session, path: Path, memory: Memory | None = None) -> str:
    """Of a file, remembered by its stamp."""
    (digest,) = sha256s_of(session, [path], memory).values()
    return digest


def sha256s_of(session: Session, paths: Sequence[Path], memory: Memory | None = None) -> dict[str, str]:
    """Of files, by their names as a record keeps them; remembered by their stamps, asked for once.

    Args:
        session: of the project.
        paths: of the files.
        memory: that is open already.
    """
    memory = memory or memory_of(session)
    keys = {_relative(session.root, str(path)): path for path in paths}
    known = memory.recall(min(keys), max(keys)) if keys else {}
    found: dict[str, str] = {}
    fresh: list[Row] = []
    for key, path in keys.items():
        row = known.get(key)
        if row is not None and row[1:5] == stamp_of(path.stat()):
            found[key] = row[6]
            continue
        reading = read_file(path)
        found[key] = reading.hashes.sha256
        if reading.stamp is not None:
            fresh.append((key, *reading.stamp, reading.hashes.md5, reading.hashes.sha256))
    if fresh:
        memory.remember(fresh)
    return found


def _relative(root: Path, path: str) -> str:
    return path[len(str(root)) + 1 :] if path.startswith(f"{root}{os.sep}") else path


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def digest_of_value(value: str | None) -> str:
    """Of a variable; "" where it is not set."""
    return "" if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()[:_NAME]


def _has(name: str) -> bool:
    """Whether a top-level module could be imported."""
    try:
        return name in sys.stdlib_module_names or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
