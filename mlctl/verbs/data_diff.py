"""`mlctl data diff`: files that differ between two versions, or between a version and the work tree.

Of tables it tells bytes, rows and columns, not which rows differ.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from mlctl.datasets.folder_files import between, files_of_pointer, files_of_version
from mlctl.datasets.intake import is_table, look
from mlctl.datasets.parts import pointer_of
from mlctl.domain.dataset import Column, DatasetVersion, FileEntry
from mlctl.domain.errors import NotFound
from mlctl.domain.file_changes import Pair, compare, is_below, merged
from mlctl.domain.outcome import Outcome
from mlctl.domain.requests.data_diff import ColumnsDiff, DataDiffRequest, DataDiffResult, DiffSide
from mlctl.domain.selector import parse
from mlctl.project.places import Place, place_named
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, only_dataset, with_bytes
from mlctl.tabular.read import read_table
from mlctl.tabular.schema import columns_of
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings
from mlctl.workspace.snapshot import Snapshot


class _Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two, before its files are read.

    Attributes:
        files: its files below a path, in order; may be asked for again.
        version: None for the work tree and for a pointer to bytes that have no version.
    """

    label: str
    files: Callable[[str], Iterable[FileEntry]]
    number: int | None = None
    version: DatasetVersion | None = None
    rows: int | None = None
    columns: tuple[Column, ...] = ()


def data_diff(session: Session, request: DataDiffRequest) -> Outcome[DataDiffResult]:
    """Compare; equal is a success too, with `different` false."""
    first = request.old or only_dataset(session, "mlctl data diff")
    if request.new is None:
        name, old, new = _against_the_work_tree(session, first)
    else:
        old, new = _version(session, first), _version(session, request.new)
        name = new.version.name if new.version else first
    under = (request.path or "").strip("/")
    sides = (_told(old, under), _told(new, under))
    if under and not any(side.files for side in sides):
        raise NotFound(
            f"neither {old.label} nor {new.label} has a file {under!r} or below it; "
            "a path begins in the dataset",
            f"mlctl data diff {first}",
            path=under,
        )
    found = compare(_pairs(session, old, new, under), limit=request.limit)
    return Outcome(
        data=DataDiffResult(
            name=name,
            old=sides[0],
            new=sides[1],
            different=found.tally.different,
            tally=found.tally,
            files=found.files,
            more=found.more,
            columns=_columns(old.columns, new.columns) if old.columns and new.columns else None,
        ),
        next=(f"mlctl data add {place_named(session, name).path}",)
        if request.new is None and found.tally.different and sides[1].files
        else (),
    )


def _pairs(session: Session, old: _Side, new: _Side, under: str) -> Iterable[Pair]:
    if old.version is not None and new.version is not None:
        return between(session, old.version, new.version, under)
    return merged(old.files(under), new.files(under))


def _version(session: Session, selector: str) -> _Side:
    found = resolve_dataset(session, selector)
    return _of(session, Numbered(number=found.number, digest=found.digest, version=found.version))


def _of(session: Session, numbered: Numbered) -> _Side:
    return _Side(
        label=numbered.label,
        files=lambda under: files_of_version(session, numbered.version, under),
        number=numbered.number,
        version=numbered.version,
        rows=numbered.version.rows,
        columns=numbered.version.columns,
    )


def _against_the_work_tree(session: Session, text: str) -> tuple[str, _Side, _Side]:
    selector = parse(text)
    place = place_named(session, selector.name)
    plain = selector.number is None and not selector.latest and not selector.moment and not selector.back
    old = _pointed(session, place) if plain else _version(session, text)
    if not (session.root / place.path).exists():
        return place.name, old, _Side(label="the work tree", files=lambda _under: ())
    seen = look(session, place)
    equal = old.version is not None and old.version.md5 == seen.md5
    rows, columns = (old.rows, old.columns) if equal else _table(session, place, seen)
    return (
        place.name,
        old,
        _Side(
            label="the work tree",
            files=lambda under: _below(seen.entries(), under),
            rows=rows,
            columns=columns,
        ),
    )


def _pointed(session: Session, place: Place) -> _Side:
    """What the pointer names.

    Raises:
        NotFound: there is none.
    """
    pointer = pointer_of(session, place)
    if pointer is None:
        raise NotFound(
            f"{place.path} has no pointer: nothing to compare it with",
            f"mlctl data add {place.path}",
            path=place.path,
        )
    held = with_bytes(session, place.name, pointer.md5, place.spec.read if place.spec else None)
    if held is not None:
        return _of(session, held)
    cache = DvcCache.of(read_settings(session.root))
    return _Side(label="its pointer", files=lambda under: _below(files_of_pointer(cache, pointer), under))


def _table(session: Session, place: Place, seen: Snapshot) -> tuple[int | None, tuple[Column, ...]]:
    if not is_table(place, seen):
        return None, ()
    table = read_table(session.root / place.path, place.spec.read if place.spec else None)
    return table.num_rows, columns_of(table)


def _told(side: _Side, under: str) -> DiffSide:
    files, size = 0, 0
    if side.version is not None and not under:
        files, size = side.version.files, side.version.bytes
    else:
        for entry in side.files(under):
            files += 1
            size += entry.size
    return DiffSide(
        label=side.label,
        version=side.number,
        files=files,
        bytes=size,
        rows=side.rows,
        columns=len(side.columns) or None,
    )


def _below(files: Iterable[FileEntry], under: str) -> Iterator[FileEntry]:
    return (entry for entry in files if is_below(entry.path, under))


def _columns(old: tuple[Column, ...], new: tuple[Column, ...]) -> ColumnsDiff:
    before = {column.name: column.type for column in old}
    after = {column.name for column in new}
    return ColumnsDiff(
        added=tuple(column for column in new if column.name not in before),
        removed=tuple(column for column in old if column.name not in after),
        retyped=tuple(column for column in new if before.get(column.name, column.type) != column.type),
    )
