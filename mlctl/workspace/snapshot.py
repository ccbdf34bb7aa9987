"""A file or folder as it stands in the work tree: hashed, listed, and brought into the cache if asked."""

from hashlib import md5 as md5_of
from pathlib import Path

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.errors import NotFound
from mlctl.domain.looks import looked_at
from mlctl.domain.progress import Event, Report, silent
from mlctl.workspace.dvc_cache import DvcCache, listing_bytes
from mlctl.workspace.dvc_files import Pointer
from mlctl.workspace.dvc_ignore import ignored_files
from mlctl.workspace.scan import Found, Hashes, Memory, Reading, Stamp, files_of, read_file

_STEP = 256  # files between two progress events


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What stands there.

    Attributes:
        md5: DVC's name for it, with ".dir" at the end for a folder.
        files: one with path "" for a file; those of a folder, sorted by path.
    """

    path: str
    md5: str
    bytes: int
    files: tuple[FileEntry, ...]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(".dir")

    def pointer(self) -> Pointer:
        """The pointer that belongs beside it."""
        return Pointer(
            path=Path(self.path).name,
            md5=self.md5,
            size=self.bytes,
            nfiles=len(self.files) if self.is_folder else None,
        )


def snapshot(
    root: Path,
    path: str,
    *,
    memory: Memory,
    cache: DvcCache | None = None,
    report: Report = silent,
) -> Snapshot:
    """Look at `path` (relative to the project); with a cache, its bytes are there afterwards, not flushed.

    Raises:
        NotFound: it does not exist, or is a folder without files.
        UsageError, InvalidName, PermissionRefused: as `files_of`; DiskFull: as the cache.
    """
    target = root / path
    looked_at(target)
    ignored = ignored_files(root, path) if target.is_dir() else frozenset()
    found = list(files_of(root, target, ignored))
    looked_at(root, [one.path for one in found])
    readings = _readings_of(root, path, found, memory, cache, report)
    is_folder = target.is_dir()
    if is_folder and not found:
        raise NotFound(f"{path} holds no files", "mlctl data status", path=path)
    files = tuple(
        sorted(
            (
                FileEntry(
                    path=one.path[len(path) + 1 :],
                    size=readings[one.path].size,
                    md5=readings[one.path].hashes.md5,
                    sha256=readings[one.path].hashes.sha256,
                )
                for one in found
            ),
            key=lambda entry: entry.path,
        )
    )
    md5 = files[0].md5
    if is_folder:
        listing = listing_bytes(files)
        md5 = md5_of(listing, usedforsecurity=False).hexdigest() + ".dir"
        if cache is not None:
            cache.put(listing, md5)
    return Snapshot(path=path, md5=md5, bytes=sum(entry.size for entry in files), files=files)


def _readings_of(
    root: Path, path: str, found: list[Found], memory: Memory, cache: DvcCache | None, report: Report
) -> dict[str, Reading]:
    known = memory.recall(path)
    readings: dict[str, Reading] = {}
    unknown: list[Path] = []
    for one in found:
        stamp, hashes = known.get(one.path, (None, None))
        if hashes is not None and stamp == one.stamp and (cache is None or cache.has(hashes.md5)):
            readings[one.path] = Reading(hashes, one.stamp.size, one.stamp)
        else:
            unknown.append(root / one.path)
    if not unknown:
        return readings
    learnt: list[tuple[str, Stamp, Hashes]] = []
    for done, file in enumerate(unknown, 1):
        reading = read_file(file) if cache is None else cache.take(file)
        relative = file.relative_to(root).as_posix()
        readings[relative] = reading
        if reading.stamp is not None:
            learnt.append((relative, reading.stamp, reading.hashes))
        if done % _STEP == 0 or done == len(unknown):
            report(Event(step=f"hash {path}", done=done, total=len(unknown), unit="files"))
    memory.remember(learnt)
    return readings
