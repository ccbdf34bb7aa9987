"""The files of a dataset version or of a pointer, in order of their paths, one at a time."""

from collections.abc import Iterator

from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.errors import Missing
from mlctl.domain.file_changes import Pair, below, is_below, merged
from mlctl.domain.ids import Digest
from mlctl.project.session import Session
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import Pointer


def files_of_version(session: Session, version: DatasetVersion, under: str = "") -> Iterator[FileEntry]:
    """The files of a version, `under` itself or below it; one with path "" where it is a single file.

    Raises:
        Missing, Corrupt: the manifest is.
    """
    if version.shape != "folder":
        yield FileEntry(path="", size=version.bytes, md5=version.md5, sha256=version.sha256)
        return
    for entry in session.repository.manifests.entries(version.sha256, under.rstrip("/")):
        if is_below(entry.path, under):
            yield entry


def files_of_pointer(cache: DvcCache, pointer: Pointer) -> Iterator[FileEntry]:
    """The files that a pointer names, of bytes that have no version here; no sha256 is known.

    Raises:
        Missing, Corrupt: the folder's listing is; Missing: a file's bytes are not in the cache.
    """
    if not pointer.is_folder:
        yield FileEntry(path="", size=pointer.size, md5=pointer.md5, sha256=Digest(""))
        return
    for path, md5 in sorted(cache.listing(pointer.md5)):
        try:
            size = cache.path(md5).stat().st_size
        except FileNotFoundError:
            raise Missing(f"the cache {cache.folder} does not hold {md5}", "mlctl pull", md5=md5) from None
        yield FileEntry(path=path, size=size, md5=md5, sha256=Digest(""))


def between(session: Session, old: DatasetVersion, new: DatasetVersion, under: str = "") -> Iterator[Pair]:
    """The files of two versions that differ, side by side; only `under` itself or below it.

    Raises:
        Missing, Corrupt: a manifest is.
    """
    if old.shape == new.shape == "folder":
        found = session.repository.manifests.changes(old.sha256, new.sha256, under.rstrip("/"))
    else:
        found = merged(files_of_version(session, old), files_of_version(session, new))
    yield from below(found, under)
