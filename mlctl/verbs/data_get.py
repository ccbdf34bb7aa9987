"""`mlctl data get`: one file or folder of a dataset, and no more than that is fetched.

Its names come from the manifest, or from the folder's listing; then the files that the cache lacks are
brought from the remote, verified, and written. Nothing else of the dataset is asked for.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import msgspec

from mlctl.datasets.dataset_part import Part, PartFile, files_of_part, part_by_pointer, part_of_version
from mlctl.datasets.restoring import naming
from mlctl.datasets.stat_memory import memory_of
from mlctl.domain.errors import Incomplete, NotFound, UsageError, WorkspaceDirty
from mlctl.domain.outcome import Outcome
from mlctl.domain.progress import Event
from mlctl.domain.requests.data_get import DataGetRequest, DataGetResult
from mlctl.project.remote_stores import open_data_store
from mlctl.project.session import Session
from mlctl.sharing.presence import there
from mlctl.sharing.transfer import Moved, download
from mlctl.workspace.bring_back import bring_back
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.dvc_lock import dvc_lock
from mlctl.workspace.scan import read_file

_SHOWN = 5


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A file and where it is to be."""

    file: PartFile
    target: Path


def data_get(session: Session, request: DataGetRequest) -> Outcome[DataGetResult]:
    """Bring what is asked for.

    Raises:
        NotFound: there is no such path or version, or no remote that could have what is missing here.
        WorkspaceDirty: other bytes are in its place; nothing was changed.
        Incomplete, Corrupt, Unreachable, Denied: of the remote; what was there is as it was.
        Locked: another data command is at work.
    """
    part = (
        part_by_pointer(session, request.path)
        if request.version is None
        else part_of_version(session, request.version, request.path)
    )
    with (
        dvc_lock(session.root, [session.root / part.place]),
        _cache(session, dry_run=request.dry_run) as (cache, lookup),
    ):
        fetch = _Fetch(session, request.remote, part)
        files = files_of_part(session, part, lookup, lambda: fetch.listing(lookup))
        base = _base(session, part, files, request.out)
        wanted = [_Wanted(file=file, target=_target(base, part, file)) for file in files]
        write = _to_write(base, wanted, force=request.force)
        lacking = _lacking(cache, write)
        files = fetch.sized(files, lacking) if request.dry_run else files
        moved = _would_move(files, lacking) if request.dry_run else fetch.files(cache, files, lacking)
        if not request.dry_run:
            _write(session, cache, write, placed=request.out is None)
    placed = request.out is None and bool(write) and not request.dry_run
    rest = placed and _is_rest_missing(session, part, cache)
    return Outcome(
        data=DataGetResult(
            path=part.place,
            under=part.under,
            version=part.label,
            target=_shown(base),
            files=len(files),
            bytes=sum(_size(cache, file) for file in files),
            written=tuple(_shown(one.target) for one in write),
            fetched_files=moved.files,
            fetched_bytes=moved.bytes,
            changed=bool(write) and not request.dry_run,
        ),
        warnings=(_rest_warning(part),) if rest else (),
    )


class _Fetch:
    """What is asked of the remote; it is opened when first needed."""

    def __init__(self, session: Session, remote: str | None, part: Part) -> None:
        self._session = session
        self._remote = remote
        self._part = part

    def listing(self, cache: DvcCache) -> None:
        """Bring the folder's listing, which names its files."""
        self._bring(cache, {self._part.md5: self._part.place}, 0)

    def files(self, cache: DvcCache, files: list[PartFile], lacking: list[str]) -> Moved:
        """Bring files; how many and how large they were."""
        if not lacking:
            return Moved()
        sizes = {file.md5: file.size for file in files}
        known = [size for md5 in lacking if (size := sizes[md5]) is not None]
        place = self._part.place
        paths = {file.md5: f"{place}/{file.path}" if file.path else place for file in reversed(files)}
        total = sum(known) if len(known) == len(lacking) else 0
        return self._bring(cache, {md5: paths[md5] for md5 in lacking}, total)

    def sized(self, files: list[PartFile], lacking: list[str]) -> list[PartFile]:
        """The files with their sizes: of those that nobody here knows, as the remote has them."""
        absent = set(lacking)
        unknown = [file.md5 for file in files if file.size is None and file.md5 in absent]
        if not unknown:
            return files
        with closing(open_data_store(self._session, self._remote)) as store:
            found = there(store, unknown)
        return [
            msgspec.structs.replace(file, size=found.get(file.md5, 0)) if file.md5 in found else file
            for file in files
        ]

    def _bring(self, cache: DvcCache, paths: dict[str, str], size: int) -> Moved:
        md5s, count = list(paths), len(paths)
        step, lock = f"fetch {self._part.place}", Lock()
        done = moved = 0

        def told(files: int, more: int) -> None:
            nonlocal done, moved
            with lock:  # several threads fetch
                done, moved = done + files, moved + more
                event = Event(
                    step=step, done=done, total=count, unit="files", bytes=moved, total_bytes=size or None
                )
                self._session.report(event)

        try:
            store = open_data_store(self._session, self._remote)
        except NotFound as error:
            raise NotFound(
                f"the cache {cache.folder} does not hold {md5s[0]}, and {error.message}",
                *error.hints,
                names=md5s,
            ) from error
        with closing(store):
            try:
                return download(store, cache, md5s, told, whole=False)
            except Incomplete as error:
                raise naming(error, paths) from error


@contextmanager
def _cache(session: Session, *, dry_run: bool) -> Iterator[tuple[DvcCache, DvcCache]]:
    """(the cache, where a listing is put that is fetched): a dry run leaves no trace."""
    cache = DvcCache.of(read_settings(session.root))
    if not dry_run:
        yield cache, cache
        return
    with TemporaryDirectory(prefix="mlctl-") as folder:
        yield cache, _Over(Path(folder), cache)


class _Over(DvcCache):
    """A cache that reads what another one holds and keeps what is new for itself."""

    def __init__(self, folder: Path, below: DvcCache) -> None:
        super().__init__(folder)
        self._below = below

    def path(self, md5: str) -> Path:
        """Where the bytes are: below, if they are there."""
        return self._below.path(md5) if self._below.has(md5) else super().path(md5)


def _base(session: Session, part: Part, files: list[PartFile], out: str | None) -> Path:
    """The file or folder that holds what is asked for; links that are typed are followed."""
    if out is None:
        return session.root / part.place / part.under
    target = Path(out).absolute()
    single = [file.path for file in files] == [part.under]
    if single and (out.endswith("/") or target.is_dir()):
        return target / Path(part.place, part.under).name
    return target


def _target(base: Path, part: Part, file: PartFile) -> Path:
    below = file.path.removeprefix(part.under).lstrip("/") if part.under else file.path
    return base / below if below else base


def _to_write(base: Path, wanted: list[_Wanted], *, force: bool) -> list[_Wanted]:
    """Those of the files that are not there with the right bytes.

    Raises:
        WorkspaceDirty: other bytes are. UsageError: a link would lead the writing elsewhere.
    """
    write, other = [], []
    folders: set[Path] = set()
    for one in wanted:
        if one.target.parent not in folders:
            _stays_below(base, one.target.parent)
            folders.add(one.target.parent)
        state = _state(one)
        write += [one] if state != "same" else []
        other += [one.target] if state == "other" or (state == "folder" and not force) else []
        if state == "folder" and force:
            raise WorkspaceDirty(
                f"{_shown(one.target)} is a folder, where a file is to be; it stays", path=str(one.target)
            )
    if other and not force:
        shown = ", ".join(_shown(path) for path in other[:_SHOWN]) + (" …" if len(other) > _SHOWN else "")
        raise WorkspaceDirty(
            f"{shown}: other bytes are there, and they would be overwritten; nothing was changed "
            "(--force overwrites them, -o writes elsewhere)",
            "mlctl data status",
            paths=[str(path) for path in other],
        )
    return write


def _stays_below(base: Path, folder: Path) -> None:
    """Nothing is written through a link that stands in the folder."""
    top = base if folder != base.parent else base.parent
    real, wanted = os.path.realpath(folder), os.path.realpath(top)
    if real != wanted and not real.startswith(wanted + os.sep):
        raise UsageError(
            f"{_shown(folder)} leads out of {_shown(top)} by a link", shlex.join(("ls", "-l", _shown(top)))
        )
    if folder.exists() and not folder.is_dir():
        raise WorkspaceDirty(f"{_shown(folder)} is a file, where a folder is to be", path=str(folder))


def _state(one: _Wanted) -> str:
    """What is in a file's place: "absent", "same", "other" or "folder"."""
    if not os.path.lexists(one.target) or not one.target.exists():  # a link to nothing is nothing
        return "absent"
    if one.target.is_dir():
        return "folder"
    if one.file.size is not None and one.target.stat().st_size != one.file.size:
        return "other"
    return "same" if read_file(one.target).hashes.md5 == one.file.md5 else "other"


def _lacking(cache: DvcCache, write: list[_Wanted]) -> list[str]:
    return [md5 for md5 in dict.fromkeys(one.file.md5 for one in write) if not cache.has(md5)]


def _would_move(files: list[PartFile], lacking: list[str]) -> Moved:
    sizes = {file.md5: file.size or 0 for file in files}
    return Moved(files=len(lacking), bytes=sum(sizes[md5] for md5 in lacking))


def _write(session: Session, cache: DvcCache, write: list[_Wanted], *, placed: bool) -> None:
    """Into the work tree as `cache.type` says, elsewhere as plain copies."""
    if placed:
        bring_back(
            session.root,
            [(one.file.md5, one.target.relative_to(session.root).as_posix(), None, "") for one in write],
            read_settings(session.root),
            count=len(write),
            memory=memory_of(session),
            whole=None,
            step="write files",
            report=session.report,
        )
        return
    for done, one in enumerate(write, 1):
        cache.restore(one.file.md5, one.target)
        session.report(Event(step="write files", done=done, total=len(write), unit="files"))


def _size(cache: DvcCache, file: PartFile) -> int:
    if file.size is not None:
        return file.size
    return cache.path(file.md5).stat().st_size if cache.has(file.md5) else 0


def _is_rest_missing(session: Session, part: Part, cache: DvcCache) -> bool:
    """Whether the dataset's folder lacks files now that were not asked for."""
    if not part.under:
        return False
    every = files_of_part(session, msgspec.structs.replace(part, under=""), cache, lambda: None)
    return not all((session.root / part.place / file.path).exists() for file in every)


def _rest_warning(part: Part) -> str:
    return (
        f"{part.place} holds only a part of {part.label or 'what its pointer names'}; adding it now would "
        "version that part. `mlctl data checkout` brings the rest"
    )


def _shown(path: Path) -> str:
    """As somebody in the current folder would type it."""
    shown = os.path.relpath(path)
    return os.path.normpath(path) if shown.startswith("..") else shown
