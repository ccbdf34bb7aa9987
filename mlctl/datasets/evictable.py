"""Which files of the cache may go: those of the datasets that were named, if nothing else needs them here."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from mlctl.domain.errors import UsageError
from mlctl.domain.selector import parse
from mlctl.project.places import Place, known_places, no_dataset
from mlctl.project.resolve import resolve_dataset
from mlctl.project.session import Session
from mlctl.project.versions import Numbered, dataset_names, versions_of
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_owners import pointer_at, tracked_in
from mlctl.workspace.linked_data import linked_md5s
from mlctl.workspace.named_data import named_in_work_trees

NEEDED, LINKED = "needed", "linked"


class Evictable(msgspec.Struct, frozen=True, kw_only=True):
    """What may go if the remote has it.

    Attributes:
        labels: whose it is.
        versions: digests of those of them that are versions.
        md5s: of files in the cache, never of listings: they say what a folder holds and are small.
        kept: md5 of what was named and stays, to the reason.
    """

    labels: tuple[str, ...]
    versions: tuple[str, ...]
    md5s: tuple[str, ...]
    kept: dict[str, str]


class _Chosen:
    """What the names on the command line mean.

    Attributes:
        versions: digests of versions.
        roots: md5 of files and of listings.
        paths: of these in the work tree; a pointer elsewhere needs its bytes although they are equal.
    """

    def __init__(self) -> None:
        self.labels: dict[str, None] = {}
        self.versions: set[str] = set()
        self.roots: set[str] = set()
        self.paths: set[str] = set()
        self.files: set[str] = set()


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """Which versions of a dataset are old.

    Attributes:
        keep: the newest so many are not.
        before: those added at this moment or later are not.
    """

    keep: int = 0
    before: datetime | None = None

    def among(self, versions: list[Numbered]) -> list[Numbered]:
        """The old ones of all versions of a dataset, which ascend."""
        counted = versions[: max(0, len(versions) - self.keep)]
        if self.before is None:
            return counted
        return [one for one in counted if datetime.fromisoformat(one.version.created_at) < self.before]


def evictable(
    session: Session,
    names: Iterable[str],
    cache: DvcCache,
    trees: list[Path],
    others: list[Path],
    *,
    old: Old | None = None,
) -> Evictable:
    """What may go of the named datasets; of all, where none is named.

    Args:
        session: of the project.
        names: `images`, `images@2`.
        cache: looked into.
        trees: this project in every work tree of its git repository.
        others: other projects that share the cache.
        old: of whole datasets these versions alone, and never what a pointer in a work tree names.

    Raises:
        NotFound, InvalidName: there is no such dataset.
        UsageError: a frozen one is not in the cache; one version is named, and it is asked which are old.
        Missing, Corrupt: a manifest or listing is.
    """
    chosen = _chosen(session, list(names), cache, old)
    needed = _needed(session, chosen, cache, others)
    linked = linked_md5s([*trees, *others], cache.folder)
    free: list[str] = []
    kept: dict[str, str] = {}
    for md5 in sorted(chosen.files):
        try:
            links = cache.path(md5).stat().st_nlink
        except FileNotFoundError:
            continue  # it has gone before
        if md5 in needed:
            kept[md5] = NEEDED
        elif links > 1 or md5 in linked:
            kept[md5] = LINKED
        else:
            free.append(md5)
    return Evictable(
        labels=tuple(chosen.labels), versions=tuple(chosen.versions), md5s=tuple(free), kept=kept
    )


def _chosen(session: Session, names: list[str], cache: DvcCache, old: Old | None) -> _Chosen:
    places, _ = known_places(session)
    by_name = {place.name: place for place in places}
    known = list(dict.fromkeys([*dataset_names(session), *by_name]))
    chosen = _Chosen()
    pointed = set(named_in_work_trees(session.root)) if old is not None else set()
    for name in names or known:
        if name in known:
            versions = versions_of(session, name)
            for numbered in versions if old is None else old.among(versions):
                if old is None or numbered.version.md5 not in pointed:
                    _choose(session, chosen, numbered)
            if name in by_name and old is None:
                _choose_pointer(session, chosen, by_name[name], cache)
            continue
        if old is not None:
            raise UsageError(
                f"--keep and --older-than choose among the versions of a dataset; {name} is one version",
                "mlctl data evict --help",
            )
        selector = parse(name)
        if selector.name not in known:
            raise no_dataset(session, selector.name)
        found = resolve_dataset(session, name)
        if found.version.path is None:
            raise UsageError(
                f"{name} is a frozen dataset: its bytes are in the store, not in the cache",
                f"mlctl data show {name}",
            )
        _choose(session, chosen, Numbered(number=found.number, digest=found.digest, version=found.version))
    return chosen


def _choose(session: Session, chosen: _Chosen, numbered: Numbered) -> None:
    version = numbered.version
    if version.path is None:
        return
    chosen.labels[numbered.label] = None
    chosen.versions.add(numbered.digest)
    chosen.paths.add(version.path)
    chosen.roots.add(version.md5)
    chosen.files.update(_files(session, numbered))


def _choose_pointer(session: Session, chosen: _Chosen, place: Place, cache: DvcCache) -> None:
    """What the work tree's pointer names, with a version or without."""
    chosen.paths.add(place.path)
    pointer = pointer_at(session.root, place.path)
    if pointer is None or pointer.md5 in chosen.roots:
        return
    chosen.labels[place.path] = None
    chosen.roots.add(pointer.md5)
    chosen.files.update(_listed(cache, pointer.md5))


def _needed(session: Session, chosen: _Chosen, cache: DvcCache, others: list[Path]) -> set[str]:
    """The md5 of the files that versions and pointers need which were not named."""
    needed: set[str] = set()
    for name in dataset_names(session):
        for numbered in versions_of(session, name):
            if numbered.digest not in chosen.versions and numbered.version.path is not None:
                needed.update(_files(session, numbered))
    pointed = {md5 for md5 in named_in_work_trees(session.root) if md5 not in chosen.roots}
    pointed |= {one.pointer.md5 for one in tracked_in(session.root)[0] if one.path not in chosen.paths}
    for other in others:
        pointed.update(named_in_work_trees(other))
    for md5 in pointed:
        needed.update(_listed(cache, md5))
    return needed


def _files(session: Session, numbered: Numbered) -> Iterator[str]:
    version = numbered.version
    if version.shape != "folder":
        yield version.md5
        return
    for entry in session.repository.manifests.entries(version.sha256):
        yield entry.md5


def _listed(cache: DvcCache, md5: str) -> list[str]:
    """The files of a pointer's data, as far as the cache knows them."""
    if not md5.endswith(".dir"):
        return [md5]
    return [file for _, file in cache.listing(md5)] if cache.has(md5) else []
