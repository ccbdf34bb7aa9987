"""The project of a run in a clean work tree: its code as recorded, its data by version.

What the run used and git has not kept is the project's own copy; `departures` tells where it has changed.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mlctl.datasets.restoring import fetch
from mlctl.datasets.tables import cached_bytes
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Missing
from mlctl.domain.ids import is_digest
from mlctl.domain.run import Run
from mlctl.domain.used import ABSENT, Used
from mlctl.project.session import Session
from mlctl.workspace.clean_tree import has_commit, is_shallow, write_commit, write_patch
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.git import Uncommitted


class CleanProject(msgspec.Struct, frozen=True, kw_only=True):
    """A project's folder that nobody else uses.

    Attributes:
        room: holds all that is temporary.
        pristine: the work tree as it was written; fits run in copies of it.
        project: the project's folder, relative to it.
        top: what it stands for: the folder of git's repository, or the project's.
        warnings: what could not be brought back as it was.
    """

    room: Path
    pristine: Path
    project: Path
    top: Path
    warnings: tuple[str, ...] = ()


def used_of(session: Session, run: Run) -> Used | None:
    """What the run's own code used; None where none ran.

    Raises:
        Missing, Corrupt: the record is gone or damaged.
    """
    if run.used is None:
        return None
    return msgspec.json.decode(session.repository.objects.read(run.used), type=Used)


def code_of(run: Run, *, code_ran: bool) -> str:
    """Where the code comes from, in words."""
    if not code_ran:
        return "none of the project's code ran"
    if run.code.commit is None and run.code.patch is None:
        return "no git: the project's files that the run used"
    commit = f"commit {run.code.commit[:12]}" if run.code.commit else "no commit"
    return f"{commit} and the uncommitted files that were kept" if run.code.patch else commit


def require_data(session: Session, run: Run) -> list[DatasetVersion]:
    """The dataset versions of a run, their bytes in the store or the cache when this returns.

    Raises:
        Missing, NotFound, Incomplete, Unreachable, Denied: there are no such bytes.
    """
    versions = [session.repository.facts.get(DatasetVersion, use.digest) for use in run.data]
    cache = DvcCache.of(read_settings(session.root))
    for version in versions:
        if version.path is None:
            if not session.repository.objects.has(version.sha256):
                raise Missing(f"the frozen rows of {version.name} are not in the store", "mlctl pull")
            continue
        try:
            cached_bytes(session, version, cache)
        except Missing:
            fetch(session, [(version.path, version.md5)], cache)
            cached_bytes(session, version, cache)
    return versions


def require_code(session: Session, run: Run, *, code_ran: bool) -> None:
    """Nothing, where the run's code can be brought back.

    Raises:
        Missing: the commit or the kept files are gone.
    """
    if not code_ran:
        return
    commit, patch = run.code.commit, run.code.patch
    if commit is not None and not has_commit(session.root, commit):
        raise Missing(
            f"git does not have commit {commit[:12]}, from which run {run.run} was made, in {session.root}",
            "git fetch --unshallow" if is_shallow(session.root) else "git fetch --all",
            commit=commit,
            run=run.run,
        )
    if patch is not None and not session.repository.objects.has(patch):
        raise Missing(
            f"the uncommitted files of run {run.run} (object {patch[:12]}) are not in the store",
            "mlctl pull",
            "mlctl fsck",
            patch=patch,
            run=run.run,
        )


@contextmanager
def clean_project(session: Session, run: Run, used: Used | None) -> Iterator[CleanProject]:
    """The run's project in a temporary folder, which is gone afterwards.

    Raises:
        Missing, Corrupt: as `require_code`.
    """
    room = Path(tempfile.mkdtemp(prefix="mlctl-reproduce-"))
    try:
        pristine = room / "pristine"
        pristine.mkdir()
        yield _written(session, run, used, room, pristine)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _written(session: Session, run: Run, used: Used | None, room: Path, pristine: Path) -> CleanProject:
    if used is None:  # scikit-learn's own: no code of the project is asked
        return CleanProject(room=room, pristine=pristine, project=Path(), top=session.root)
    folder, lacking = pristine, list[Uncommitted]()
    if run.code.commit is not None:
        folder = write_commit(session.root, run.code.commit, pristine)
    if run.code.patch is not None:
        lacking = write_patch(session.repository.objects.read(run.code.patch), folder)
    _place_data(session, run, folder)
    wanted = {path: module.sha256 for path, module in used.modules.items()} | used.files
    wanted |= {one.path: one.sha256 for one in lacking if one.sha256 is not None}
    for path, state in wanted.items():
        if not Path(path).is_absolute() and ".." not in Path(path).parts:
            _take(session, folder / path, path, state)
    return CleanProject(
        room=room,
        pristine=pristine,
        project=folder.relative_to(pristine),
        top=Path(os.path.normpath(session.root / os.path.relpath(pristine, folder))),
        warnings=tuple(
            f"{one.path} was not kept ({one.why}), and is not there as it was"
            for one in lacking
            if not (folder / one.path).exists()
        ),
    )


def _place_data(session: Session, run: Run, folder: Path) -> None:
    """The run's data where its code may look for them."""
    cache = DvcCache.of(read_settings(session.root))
    for use in run.data:
        version = session.repository.facts.get(DatasetVersion, use.digest)
        if version.path is not None and version.shape == "file":
            target = folder / version.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(cached_bytes(session, version, cache))


def _take(session: Session, target: Path, path: str, state: str) -> None:
    """A file that the run used and git has not brought: of a dataset version, or the project's own.

    Whether it is as it was then is told by `departures`; a fit that fails for want of it would tell less.
    """
    source = session.root / path
    if state == ABSENT or _is(target, state):
        return
    if not _is(source, state) and is_digest(state):
        md5 = _versioned(session, path, state)
        if md5 is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_brought(session, path, md5))
            return
    if source.is_file() and (not target.exists() or _is(source, state)):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _versioned(session: Session, path: str, sha256: str) -> str | None:
    """The md5 of a file with this sha256 that some version of a dataset has at this path."""
    repository = session.repository
    for _, version in repository.facts.all(DatasetVersion):
        if version.path is None:
            continue
        if version.shape == "file" and version.path == path and version.sha256 == sha256:
            return version.md5
        inside = path.removeprefix(f"{version.path}/")
        if version.shape == "folder" and inside != path and repository.objects.has(version.sha256):
            for entry in repository.manifests.entries(version.sha256, under=inside):
                if entry.path == inside and entry.sha256 == sha256:
                    return entry.md5
    return None


def _brought(session: Session, path: str, md5: str) -> bytes:
    cache = DvcCache.of(read_settings(session.root))
    if not cache.has(md5):
        fetch(session, [(path, md5)], cache)
    return cache.read(md5)


def _is(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False
