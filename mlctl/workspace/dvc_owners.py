"""Which file of DVC says what a file or folder of the work tree holds: a pointer of its own, or another's.

`data add` writes `x.csv.dvc` beside `x.csv`. DVC knows more: outs of a stage in `dvc.yaml` (`dvc.lock` says
what they hold), and `.dvc` files with several outs or a `wdir`. Those are dvc's; mlctl only reads them. They
are looked for beside the data and above; only where nothing is there, everywhere: a `wdir` may lead up.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from mlctl.domain.errors import Corrupt, MlctlError, UsageError
from mlctl.domain.looks import looked_at
from mlctl.workspace.dvc_files import SUFFIX, Pointer, load_yaml, outs_of, pointer_path, read_pointer
from mlctl.workspace.process import output_of

LOCK = "dvc.lock"
PIPELINE = "dvc.yaml"
_MOST = 200  # folders that are looked through without git
_FILES = 50  # files that count as a folder
_OTHERS = {".git", ".hg", ".dvc", ".mlctl"}


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that DVC keeps.

    Attributes:
        path: of it, relative to the project, with "/".
        file: that says so, relative to the project: a `.dvc` file or a `dvc.lock`.
        pointer: what it says.
        stage: of `dvc.yaml` whose out it is, or None.
    """

    path: str
    file: str
    pointer: Pointer
    stage: str | None = None

    @property
    def foreign(self) -> bool:
        """Whether only dvc writes it."""
        return self.stage is not None or self.file != self.path + SUFFIX

    @property
    def owner(self) -> str:
        """Who writes it, for a message."""
        return f"stage {self.stage!r} of dvc.yaml" if self.stage is not None else self.file

    def refusal(self, what: str) -> UsageError:
        """The error for an act that would have to write it."""
        hint = f"dvc commit {self.stage}" if self.stage is not None else f"dvc commit {self.file}"
        return UsageError(
            f"{self.path} belongs to {self.owner}, and {what}; dvc writes that file, not mlctl",
            hint,
            path=self.path,
            file=self.file,
            stage=self.stage,
        )


def owner_of(root: Path, path: str) -> Tracked | None:
    """Who says what `path` (relative to the project) holds, or None where nobody does.

    Raises:
        Corrupt, UsageError: the file that should say so is damaged, or DVC 2 wrote it.
    """
    beside = pointer_path(root / path)
    looked_at(beside)
    if beside.is_file():
        pointer = _alone(beside)
        if pointer is not None:
            return Tracked(path=path, file=f"{path}{SUFFIX}", pointer=pointer)
    for folder in _above(root, path):
        for found in (*_in_lock(root, folder / LOCK), *_in_pointers(root, folder.glob(f"*{SUFFIX}"))):
            if found.path == path:
                return found
    return next((found for found in _from_afar(root, path) if found.path == path), None)


def foreign_owner(root: Path, path: str) -> Tracked | None:
    """As `owner_of`, but only where the file is dvc's to write."""
    found = owner_of(root, path)
    return found if found is not None and found.foreign else None


def pointer_at(root: Path, path: str) -> Pointer | None:
    """What `path` (relative to the project) is to hold, whoever says so; None where nobody does.

    Raises:
        Corrupt, UsageError: as `owner_of`.
    """
    found = owner_of(root, path)
    return found.pointer if found is not None else None


def _from_afar(root: Path, path: str) -> Iterator[Tracked]:
    """What files outside of `path` say of data that are not below their folder; damaged ones say nothing."""
    for file in _everywhere(root, path):
        with suppress(MlctlError, OSError, UnicodeDecodeError):
            told = (file.with_name(PIPELINE) if file.name == LOCK else file).read_text(encoding="utf-8")
            if "wdir:" not in told and "../" not in told:
                continue
            found = _in_lock(root, file) if file.name == LOCK else _in_pointers(root, [file])
            yield from (one for one in found if file.parent not in (root / one.path).parents)


def tracked_in(root: Path) -> tuple[list[Tracked], list[str]]:
    """Every file and folder with a pointer (no outs of stages), and what is wrong with other pointers."""
    found: list[Tracked] = []
    wrong: list[str] = []
    for file in _pointer_files(root):
        try:
            found += _in_pointers(root, [file])
        except MlctlError as error:
            wrong.append(error.message)
    return sorted(found, key=lambda one: one.path), wrong


def locked_in(root: Path) -> list[Tracked]:
    """Every out of a stage of the project that DVC keeps.

    Raises:
        Corrupt: a lock is damaged.
    """
    found = [one for file in _pointer_files(root, LOCK) for one in _in_lock(root, file)]
    return sorted(found, key=lambda one: one.path)


def _alone(file: Path) -> Pointer | None:
    """The pointer to what lies beside the file; None where it points elsewhere or to several."""
    try:
        pointer = read_pointer(file)
    except Corrupt:
        outs_of(file, file.read_text(encoding="utf-8"))  # several outs are no damage
        return None
    return pointer if pointer is not None and f"{pointer.path}{SUFFIX}" == file.name else None


def _above(root: Path, path: str) -> Iterator[Path]:
    folder = (root / path).parent
    yield folder
    while folder != root and root in folder.parents:
        folder = folder.parent
        yield folder


def _in_pointers(root: Path, files: Iterable[Path]) -> list[Tracked]:
    found = []
    for file in sorted(files):
        looked_at(file)
        if file.is_file():
            alone = _alone(file)
            outs = [alone] if alone is not None else outs_of(file, file.read_text(encoding="utf-8"))
            found += [_tracked(root, file, file.parent, out) for out in outs]
    return found


def _in_lock(root: Path, file: Path) -> list[Tracked]:
    try:
        stages = dict(load_yaml(file).get("stages") or {})
        declared = dict(load_yaml(file.with_name(PIPELINE)).get("stages") or {})
        found = []
        for name, stage in stages.items():
            wanted = declared.get(name) or declared.get(name.split("@")[0]) or {}
            base = file.parent / str(wanted.get("wdir", "."))
            uncached = _uncached(wanted)
            for out in stage.get("outs") or ():
                if out.get("hash") == "md5" and "md5" in out and out["path"] not in uncached:
                    pointer = Pointer(
                        path=str(out["path"]),
                        md5=str(out["md5"]),
                        size=int(out.get("size", 0)),
                        nfiles=out.get("nfiles"),
                    )
                    found.append(_tracked(root, file, base, pointer, name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Corrupt(f"{file} is no lock of a pipeline", f"git checkout -- {file}", path=str(file)) from None
    return found


def _uncached(stage: dict[str, Any]) -> set[str]:
    """Outs of a stage whose bytes stand in git, not in the cache."""
    items = [item for kind in ("outs", "metrics", "plots") for item in stage.get(kind) or ()]
    return {
        str(name)
        for item in items
        if isinstance(item, dict)
        for name, flags in item.items()
        if isinstance(flags, dict) and flags.get("cache") is False
    }


def _tracked(root: Path, file: Path, base: Path, out: Pointer, stage: str | None = None) -> Tracked:
    path = Path(os.path.relpath(os.path.normpath(base / out.path), root)).as_posix()
    pointer = msgspec.structs.replace(out, path=Path(path).name)
    return Tracked(path=path, file=file.relative_to(root).as_posix(), pointer=pointer, stage=stage)


def _everywhere(root: Path, path: str) -> list[Path]:
    """Pointers and locks, in a small project found without git: then `status` knows what it rests on.

    What is below `path`, which is asked for, is data and may be a million files.
    """
    found = []
    asked, seen = str(root / path), 0
    for folder, folders, files in os.walk(root):
        if folder == asked:
            folders.clear()
            continue
        seen += 1 + len(files) // _FILES
        if seen > _MOST:
            return _pointer_files(root, SUFFIX, LOCK)
        data = {name.removesuffix(SUFFIX) for name in files}
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in data)
        found += [Path(folder, name) for name in sorted(files) if name.endswith((SUFFIX, LOCK))]
    return found


def _pointer_files(root: Path, *endings: str) -> list[Path]:
    """The files of the project with such endings (`.dvc`); what git ignores is not looked through."""
    wanted = endings or (SUFFIX,)
    if any((folder / ".git").exists() for folder in (root, *root.parents)):
        listed = output_of(
            [
                "git",
                "-C",
                str(root),
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--",
                *(f"*{ending}" for ending in wanted),
            ]
        )
        names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
        return [file for name in sorted(names) if (file := root / name).is_file()]
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - _OTHERS)
        found += [Path(folder, name) for name in sorted(files) if name.endswith(wanted)]
    return found
