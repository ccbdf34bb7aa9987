"""Paths of another git repository: files that git holds, and data that DVC or mlctl versions there.

Data come from that repository's cache where it is on this machine, else from the remote that its
configuration names at that commit.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path, PurePosixPath

from mlctl.datasets.brought import Brought, brought_file, brought_folder
from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import Corrupt, Incomplete, NotFound, UsageError
from mlctl.domain.imported import Lock, Source
from mlctl.domain.progress import Event
from mlctl.domain.remote import RemoteSetting
from mlctl.project.remote_stores import store_of
from mlctl.project.session import Session
from mlctl.sharing import transfer
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import SUFFIX, outs_of, read_settings
from mlctl.workspace.dvc_remotes import read_dvc_remotes
from mlctl.workspace.files import said
from mlctl.workspace.git_remote import Entry, RemoteCommit, commit_of, resolve
from mlctl.workspace.pointer_yaml import read_yaml
from mlctl.workspace.scan import read_file

_LFS = b"version https://git-lfs.github.com/spec/"


def commit_now(source: Source, typed: str) -> Lock:
    """The commit that the revision means now; see `bringing.look_at`."""
    return Lock(commit=resolve(typed, source.rev))


def bring_from_repository(
    session: Session, source: Source, typed: str, lock: Lock, cache: DvcCache
) -> Brought:
    """Bring a file or folder of a commit.

    Raises:
        NotFound: there is nothing at the path. UsageError: links, submodules, Git LFS.
        Incomplete: neither its cache nor its remote holds the data. Unreachable, Denied, Corrupt, DiskFull.
    """
    path = str(source.path)
    with commit_of(typed, str(lock.commit)) as commit:
        pointed = _pointed(commit, path)
        if pointed is not None:
            md5, below = pointed
            return _data(session, source, commit, md5, below, lock, cache)
        files = commit.files(path)
        if not files:
            raise NotFound(
                f"{source.url} has nothing at {path} in commit {str(lock.commit)[:12]}",
                "mlctl data import --help",
                path=path,
                url=source.url,
            )
        return _git_files(session, commit, path, files, lock, cache)


def _git_files(
    session: Session, commit: RemoteCommit, path: str, files: list[Entry], lock: Lock, cache: DvcCache
) -> Brought:
    pointers = [entry.path for entry in files if entry.path.endswith(SUFFIX)]
    if pointers:
        raise UsageError(
            f"{path} holds pointers ({pointers[0]}): import what they point to one by one", path=path
        )
    entries = []
    for done, entry in enumerate(files, 1):
        entries.append(_taken(commit, entry, path, cache))
        session.report(Event(step=f"import {path}", done=done, total=len(files), unit="files"))
    if len(files) == 1 and files[0].path == path:
        return brought_file(entries[0], lock)
    return brought_folder(cache, entries, lock)


def _taken(commit: RemoteCommit, entry: Entry, path: str, cache: DvcCache) -> FileEntry:
    folder = cache.folder / "tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="mlctl-import-") as aside:
            commit.copy(entry, aside.file)
            aside.flush()
            aside.seek(0)
            if aside.read(len(_LFS)) == _LFS:
                raise UsageError(f"{entry.path} is in Git LFS, which mlctl does not fetch", path=entry.path)
            reading = cache.take(Path(aside.name))
    except OSError as error:
        raise said(error) from error
    relative = "" if entry.path == path else entry.path[len(path) + 1 :]
    return FileEntry(path=relative, size=reading.size, md5=reading.hashes.md5, sha256=reading.hashes.sha256)


def _pointed(commit: RemoteCommit, path: str) -> tuple[str, str] | None:
    """(md5 of the file or folder that DVC versions there, path below it) for a path; None for git's own."""
    for whole in (path, *map(str, PurePosixPath(path).parents)):
        text = commit.read(f"{whole}{SUFFIX}") if whole != "." else None
        if text is not None:
            where = Path(f"{whole}{SUFFIX}")
            for out in outs_of(where, text.decode("utf-8", "replace")):
                if os.path.normpath(where.parent / out.path) == whole:
                    return out.md5, path[len(whole) + 1 :]
    for folder in PurePosixPath(path).parents:
        text = commit.read(str(folder / "dvc.lock"))
        if text is None:
            continue
        for place, md5 in _outs_of_lock(text):
            out_path = os.path.normpath(folder / place)
            if path == out_path or path.startswith(f"{out_path}/"):
                return md5, path[len(out_path) + 1 :]
    return None


def _outs_of_lock(text: bytes) -> list[tuple[str, str]]:
    try:
        stages = read_yaml(text.decode("utf-8"))["stages"].values()
        outs = [out for stage in stages for out in stage.get("outs") or []]
        return [(str(out["path"]), str(out["md5"])) for out in outs if out.get("hash") == "md5"]
    except (ValueError, KeyError, AttributeError, TypeError):
        return []


def _data(
    session: Session, source: Source, commit: RemoteCommit, md5: str, below: str, lock: Lock, cache: DvcCache
) -> Brought:
    _fetch(session, source, commit, [md5], cache)
    wanted = {"": md5}
    if md5.endswith(".dir"):
        listing = cache.listing(md5)
        wanted = {
            path[len(below) + 1 :] if below else path: name
            for path, name in listing
            if not below or path == below or path.startswith(f"{below}/")
        }
    if not wanted or (below and not md5.endswith(".dir")):
        raise NotFound(
            f"{source.path} is not in {source.url} at {str(lock.commit)[:12]}",
            "mlctl data import --help",
            path=source.path,
        )
    _fetch(session, source, commit, wanted.values(), cache)
    entries = [_entry(cache, path, name) for path, name in wanted.items()]
    if set(wanted) == {""}:
        return brought_file(entries[0], lock)
    return brought_folder(cache, entries, lock)


def _entry(cache: DvcCache, path: str, md5: str) -> FileEntry:
    reading = read_file(cache.path(md5))
    if reading.hashes.md5 != md5:
        raise Corrupt(f"{cache.path(md5)} does not hold the bytes that it is named by", "mlctl fsck", md5=md5)
    return FileEntry(path=path, size=reading.size, md5=md5, sha256=reading.hashes.sha256)


def _fetch(
    session: Session, source: Source, commit: RemoteCommit, md5s: Iterable[str], cache: DvcCache
) -> None:
    """Make the cache hold these: from the other repository's cache if it is here, else from its remote."""
    lacking = [md5 for md5 in dict.fromkeys(md5s) if not cache.has(md5)]
    here = _root_here(source, commit)
    if here is not None:
        other = DvcCache.of(read_settings(here))
        for md5 in [md5 for md5 in lacking if other.has(md5)]:
            if md5.endswith(".dir"):
                cache.put(other.read(md5), md5)
            else:
                cache.take(other.verified(md5))
        lacking = [md5 for md5 in lacking if not cache.has(md5)]
    if not lacking:
        return
    setting = _remote(source, commit, here)
    if setting is None:
        raise Incomplete(
            f"{source.url} names no remote that could hold the data of {source.path}", names=lacking
        )
    files = 0

    def told(more: int, size: int) -> None:
        nonlocal files
        del size
        files += more
        session.report(Event(step=f"fetch {source.path}", done=files, unit="files"))

    with closing(store_of(setting)) as store:
        transfer.download(store, cache, lacking, told)


def _remote(source: Source, commit: RemoteCommit, here: Path | None) -> RemoteSetting | None:
    """The default DVC remote of the other project: of its folder where it is here, else of the commit."""
    if here is not None:
        remotes, default, _ = read_dvc_remotes(here)
        return remotes.get(default or "")
    config = commit.read(str(_project(source, commit) / ".dvc" / "config"))
    with tempfile.TemporaryDirectory(prefix="mlctl-import-") as folder:
        place = Path(folder) / ".dvc"
        place.mkdir()
        (place / "config").write_bytes(config or b"")
        remotes, default, _ = read_dvc_remotes(Path(folder))
    return remotes.get(default or "")


def _root_here(source: Source, commit: RemoteCommit) -> Path | None:
    root = Path(source.url) / _project(source, commit)
    return root if "://" not in source.url and (root / ".dvc").is_dir() else None


def _project(source: Source, commit: RemoteCommit) -> PurePosixPath:
    """The folder of the DVC project inside the repository: the nearest above the path."""
    for folder in PurePosixPath(str(source.path)).parents:
        if commit.read(str(folder / ".dvc" / "config")) is not None:
            return folder
    return PurePosixPath()
