"""The profile of a folder version: worked out when it is first asked for, then kept by its manifest.

The manifest is read twice, or three times where files are equal; of the files' own bytes at most
`SAMPLED_ABOVE` are opened, evenly chosen. Memory: some 60 bytes a file.
"""

import contextlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePosixPath

import msgspec

from mlctl.datasets.content import Content
from mlctl.domain.dataset import DatasetVersion, FileEntry
from mlctl.domain.folder_profile import Duplicates, FolderProfile, Group, Sizes
from mlctl.domain.progress import Event
from mlctl.domain.records import decode, encode
from mlctl.project.session import Session
from mlctl.store.kept_profiles import KeptProfiles
from mlctl.workspace.dvc_cache import DvcCache
from mlctl.workspace.dvc_files import read_settings

SAMPLED_ABOVE = 10_000
"""Files; of a larger folder every second, third … one is opened."""

_SUFFIXES = 20
_CLASSES = 200
_EXAMPLES = 5
_EACH = 3  # paths shown of a group of equal files
_STEP = 512  # files between two progress events


def folder_profile(session: Session, version: DatasetVersion) -> FolderProfile:
    """The profile of a folder.

    Raises:
        Missing, Corrupt: the manifest is.
    """
    kept = KeptProfiles(session.repository.layout.index / "profiles")
    data = kept.get(version.sha256)
    if data is not None:
        with contextlib.suppress(msgspec.DecodeError):  # another version of mlctl kept it
            return decode(data, FolderProfile)
    profile = _worked_out(session, version)
    if not profile.not_here:
        kept.keep(version.sha256, encode(profile))
    return profile


def _worked_out(session: Session, version: DatasetVersion) -> FolderProfile:
    manifests = session.repository.manifests
    content = Content(DvcCache.of(read_settings(session.root)))
    within = _within(manifests.entries(version.sha256))
    counted = _Counted(within)
    every = -(-version.files // SAMPLED_ABOVE) or 1
    for number, entry in enumerate(manifests.entries(version.sha256)):
        counted.add(entry)
        if number % every == 0:
            content.add(entry)
        if number % _STEP == 0:
            session.report(
                Event(step=f"look into {version.name}", done=number, total=version.files, unit="files")
            )
    suffixes, more_suffixes = _most(counted.suffixes)
    classes, more_classes = _named(counted.classes)
    return FolderProfile(
        files=len(counted.sizes),
        bytes=sum(counted.sizes),
        suffixes=suffixes,
        more_suffixes=more_suffixes,
        classes=classes,
        classes_in=within,
        more_classes=more_classes,
        sizes=_sizes(counted.sizes),
        empty=counted.empty,
        empty_examples=tuple(counted.empty_examples),
        duplicates=_duplicates(counted.names, manifests.entries(version.sha256)),
        images=content.images(),
        texts=content.texts(),
        looked_into=content.looked_into,
        sampled_above=SAMPLED_ABOVE,
        not_here=content.not_here,
    )


def _within(entries: Iterator[FileEntry]) -> str:
    """The folder that all files are in, however deep ("images/"); "" where there is none."""
    first = next(entries, None)
    common = first.path.rpartition("/")[0].split("/") if first is not None and "/" in first.path else []
    for entry in entries:
        while common and not entry.path.startswith("/".join([*common, ""])):
            common.pop()
        if not common:
            return ""
    return "/".join([*common, ""]) if common else ""


class _Counted:
    """What the entries of a manifest say by themselves; classes are the folders inside `within`."""

    def __init__(self, within: str) -> None:
        self._within = within
        self.sizes = array("Q")
        self.names = array("Q")  # the first half of each md5
        self.suffixes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.classes: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.empty = 0
        self.empty_examples: list[str] = []

    def add(self, entry: FileEntry) -> None:
        self.sizes.append(entry.size)
        if entry.size:
            self.names.append(_half(entry))
        else:
            self.empty += 1
            if len(self.empty_examples) < _EXAMPLES:
                self.empty_examples.append(entry.path)
        first, _, rest = entry.path.removeprefix(self._within).partition("/")
        suffix = PurePosixPath(entry.path).suffix.lower()
        for counts, name in ((self.suffixes, suffix), (self.classes, first if rest else "")):
            count = counts[name]
            count[0] += 1
            count[1] += entry.size


def _half(entry: FileEntry) -> int:
    return int(entry.md5[:16], 16)


def _sizes(sizes: Iterable[int]) -> Sizes | None:
    ordered = sorted(sizes)
    if not ordered:
        return None
    return Sizes(min=ordered[0], median=ordered[len(ordered) // 2], max=ordered[-1])


def _most(counts: dict[str, list[int]]) -> tuple[tuple[Group, ...], int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    groups = (Group(name=name, files=files, bytes=size) for name, (files, size) in ordered[:_SUFFIXES])
    return tuple(groups), max(0, len(ordered) - _SUFFIXES)


def _named(counts: dict[str, list[int]]) -> tuple[tuple[Group, ...], int]:
    ordered = sorted(counts.items())
    groups = (Group(name=name, files=files, bytes=size) for name, (files, size) in ordered[:_CLASSES])
    return tuple(groups), max(0, len(ordered) - _CLASSES)


def _duplicates(halves: Iterable[int], entries: Iterator[FileEntry]) -> Duplicates:
    """Equal files: first the halves of their names that occur twice, then only those files in full."""
    twice = {one for one, other in pairwise(sorted(halves)) if one == other}
    if not twice:
        return Duplicates(groups=0, files=0, bytes=0)
    counts: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    paths: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.size and _half(entry) in twice:
            counts[entry.md5] += 1
            sizes[entry.md5] = entry.size
            if len(paths[entry.md5]) < _EACH:
                paths[entry.md5].append(entry.path)
    groups = {md5: count - 1 for md5, count in counts.items() if count > 1}
    largest = sorted(groups, key=lambda md5: (-groups[md5] * sizes[md5], paths[md5]))
    return Duplicates(
        groups=len(groups),
        files=sum(groups.values()),
        bytes=sum(count * sizes[md5] for md5, count in groups.items()),
        examples=tuple(tuple(paths[md5]) for md5 in largest[:_EXAMPLES]),
    )
