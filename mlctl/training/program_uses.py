"""What a program of another process may have used: it cannot be followed, so all that is in sight counts.

That is: all files of the project that git would track, all declared data, the names of both, the program
itself, packages, code that is installed from a folder elsewhere, and every variable that it was given. Files
are told as they were *before* it began: one that was edited meanwhile is a change for the next command.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from mlctl.domain.handover import Reads
from mlctl.domain.used import Used
from mlctl.project.session import Session
from mlctl.training.uses import all_of_project, digest_of_value, folder_state, sha256_of, sha256s_of
from mlctl.workspace.environment import MACHINE, installed_packages, program_variables, variables_at_start

_PATHS = re.compile(r"""['"](/[^'"\n]+)['"]""")
_INSTALLED = ("site-packages", "dist-packages")


def in_sight(session: Session, command: Sequence[str]) -> Used:
    """All that a program which is about to begin could use and that can be told.

    Args:
        session: of the project.
        command: the program and its arguments.
    """
    given = {
        name: value for name, value in program_variables(variables_at_start()).items() if name not in MACHINE
    }
    files = all_of_project(session)
    elsewhere = list(_elsewhere(session.root, command))
    files |= {str(path): folder_state(path) for path in elsewhere if path.is_dir()}
    files |= sha256s_of(session, [path for path in elsewhere if not path.is_dir()])
    return Used(
        files={name: files[name] for name in sorted(files)},
        settings={name: digest_of_value(value) for name, value in sorted(given.items())},
        everything=digest_of_value("\0".join(sorted(given))),
        packages=installed_packages(sys.path),
        blind=(f"it is a program of its own ({shlex.join(command)})",),
    )


def meanwhile(before: Used, after: Used) -> list[str]:
    """Files, variables and packages that are not as they were when the program began."""
    found: list[str] = []
    for one, other in (
        (before.files, after.files),
        (before.settings, after.settings),
        (before.packages, after.packages),
    ):
        found += [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    return [name for name in found if name != "."]


def with_reads(session: Session, used: Used, told: Path) -> tuple[Used, list[str]]:
    """With what the program says that it read outside of the project; and why no state could tell a change.

    Args:
        session: of the project.
        used: what was in sight.
        told: the file in which a Python program says it; another's may not be there.
    """
    try:
        reads = msgspec.json.decode(told.read_bytes(), type=Reads)
    except (OSError, msgspec.DecodeError):
        return used, []
    live = [f"it asked the network ({name})" for name in reads.network]
    files: dict[str, str] = {}
    for name, stamp in reads.files.items():
        path = Path(name)
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) == stamp:
                files[name] = sha256_of(session, path)
                continue
        except OSError:
            pass
        live.append(f"{name} changed while the program ran")
    merged = used.files | files
    return msgspec.structs.replace(used, files={name: merged[name] for name in sorted(merged)}), live


def _elsewhere(root: Path, command: Sequence[str]) -> Iterator[Path]:
    """The program itself, the folders that its interpreter imports from, and code that they point to."""
    own = Path(sys.executable).parent
    found = shutil.which(command[0], path=f"{own}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    packages = [Path(one) for one in sys.path if one.endswith(_INSTALLED)]
    if found is not None:
        program = Path(found).absolute()
        if program.parent != own and not program.is_relative_to(root):
            yield program
            packages += sorted(program.parent.parent.glob("lib/python*/site-packages"))
    pointed = [Path(one) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    for folder in dict.fromkeys(packages):
        if folder.is_dir():
            yield folder
            pointed += _pointed(folder)
    for folder in dict.fromkeys(pointed):
        if not (folder.name.endswith(_INSTALLED) or folder.resolve().is_relative_to(root)):
            yield from _modules(folder)


def _modules(folder: Path) -> Iterator[Path]:
    """The Python files of a folder; of mlctl itself none, whose version is in the key."""
    if (folder / "mlctl" / "inside").is_dir():
        return
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[:1] != "." and not name.endswith(_INSTALLED))
        yield from (Path(place, name) for name in sorted(files) if name.endswith(".py"))


def _pointed(packages: Path) -> Iterator[Path]:
    """Folders of code that is installed where it stands (`pip install -e`)."""
    for path in sorted(packages.glob("*.pth")):
        lines = path.read_text(errors="replace").splitlines()
        yield from (Path(line.strip()) for line in lines if line.startswith("/"))
    for path in sorted(packages.glob("__editable__*_finder.py")):
        yield from (Path(one) for one in _PATHS.findall(path.read_text(errors="replace")))
