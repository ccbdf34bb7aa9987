"""Tables of datasets, verified: what training, evaluation and checks read."""

import msgspec
import pyarrow as pa

from mlctl.datasets.intake import look, take_in
from mlctl.datasets.parts import pointer_of
from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.errors import Missing, NotFound, UsageError
from mlctl.domain.ids import Digest
from mlctl.domain.records import digest_of, encode
from mlctl.domain.spec import ReadSpec
from mlctl.project.places import declared_data, place_named
from mlctl.project.session import Session
from mlctl.project.versions import newest, with_bytes
from mlctl.tabular.parquet import table_from
from mlctl.tabular.read import read_bytes
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.scan import read_file


def current_version(session: Session, name: str) -> tuple[Digest, DatasetVersion, list[str]]:
    """The version of a dataset that the work tree stands on.

    That is the one that its pointer names. Where the file differs from the pointer, or has none yet, the
    file is added first, as `data add` would, and the third value says so. Where the file is gone and the
    pointer is there, the pointer's version counts.

    Raises:
        NotFound: there is neither file nor pointer nor a dataset of this name.
    """
    if name not in declared_data(session):
        frozen = newest(session, name)
        if frozen is not None and frozen.version.path is None:
            return frozen.digest, frozen.version, []
    place = place_named(session, name)
    target = session.root / place.path
    pointer = pointer_of(session, place)
    read = place.spec.read if place.spec else None
    if not target.exists() and pointer is not None:
        held = with_bytes(session, name, pointer.md5, read)
        if held is None:
            raise NotFound(
                f"{place.path} is not in the work tree, and its pointer names no version of {name}",
                f"mlctl data checkout {name}",
                name=name,
            )
        return held.digest, held.version, []
    seen = look(session, place)
    held = with_bytes(session, name, seen.md5, read)
    if held is not None and pointer is not None and pointer.md5 == seen.md5:
        return held.digest, held.version, []
    before = with_bytes(session, name, pointer.md5, read) if pointer else newest(session, name)
    taken = take_in(session, place)
    since = f"has changed since {before.label}" if before else "had no version yet"
    warning = f"{place.path} {since}: added as {taken.numbered.label}"
    return taken.numbered.digest, taken.numbered.version, [warning, *taken.warnings]


def load_table(
    session: Session, name: str, digest: str | None = None
) -> tuple[Digest, DatasetVersion, pa.Table]:
    """A dataset version and its table; by default the version that the work tree stands on.

    Raises:
        NotFound: no such dataset.
        Missing, Corrupt: its bytes are not in the store or not what they were.
        UnreadableTable: it is no table; UsageError: it is a folder.
    """
    if digest is None:
        found, version, _ = current_version(session, name)
    else:
        found, version = Digest(digest), session.repository.facts.get(DatasetVersion, digest)
    return found, version, read_version(session, version)


def read_version(session: Session, version: DatasetVersion) -> pa.Table:
    """The table of a version: Parquet in the store for a frozen one, else the cached bytes, read as recorded.

    Raises:
        Missing, Corrupt, UnreadableTable, UsageError: as `load_table`.
    """
    if version.path is None:
        return table_from(session.repository.objects.read(version.sha256))
    if version.shape == "folder":
        raise UsageError(f"{version.name} ({version.path}) is a folder, not a table", "mlctl data ls")
    cache = DvcCache(read_settings(session.root).cache)
    return read_bytes(cached_bytes(session, version, cache), version.path, read_spec_of(version))


def cached_bytes(session: Session, version: DatasetVersion, cache: DvcCache) -> bytes:
    """The bytes of a file's version: from the cache, or from the work tree where it still holds them.

    Raises:
        Missing: neither has them; Corrupt: the cache's are damaged.
    """
    try:
        return cache.read(version.md5)
    except Missing:
        target = session.root / str(version.path)
        if target.is_file() and read_file(target).hashes.md5 == version.md5:
            cache.take(target)
            return cache.read(version.md5)
        number = session.repository.decisions.names().number_of(
            f"datasets/{version.name}", _digest_of(version)
        )
        label = version.name if number is None else f"{version.name}@{number}"
        raise Missing(
            f"the bytes of {label} are neither in the cache nor in the work tree",
            f"mlctl data checkout {label}",
            md5=version.md5,
        ) from None


def read_spec_of(version: DatasetVersion) -> ReadSpec:
    """How the version's text is read, as recorded when it was added."""
    return msgspec.convert(version.origin.get("read", {}), ReadSpec)


def _digest_of(version: DatasetVersion) -> Digest:
    return digest_of(encode(version))
