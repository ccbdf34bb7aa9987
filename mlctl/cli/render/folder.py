"""A folder's profile as lines of text."""

from collections.abc import Iterator, Mapping

from mlctl.cli.columns import size
from mlctl.domain.folder_profile import FolderProfile, Group, Images, Texts

_GROUPS = 12


def folder_lines(profile: FolderProfile) -> Iterator[str]:
    """One line a matter; nothing on what there is none of."""
    yield f"files      {profile.files}, {size(profile.bytes)}"
    if profile.sizes is not None:
        sizes = profile.sizes
        yield f"sizes      {size(sizes.min)} to {size(sizes.max)}, median {size(sizes.median)}"
    yield f"suffixes   {_groups(profile.suffixes, profile.more_suffixes, '(none)')}"
    if any(group.name for group in profile.classes):
        inside = f"  (in {profile.classes_in})" if profile.classes_in else ""
        yield f"classes    {_groups(profile.classes, profile.more_classes, '(in no folder)')}{inside}"
    if profile.empty:
        yield f"empty      {profile.empty}: {_some(profile.empty_examples, profile.empty)}"
    equal = profile.duplicates
    if equal.groups:
        yield f"repeated   {equal.files}: content that other files hold too, {size(equal.bytes)}"
        yield from (f"           {' = '.join(paths)}" for paths in equal.examples)
    if profile.images is not None:
        yield from _images(profile.images)
    if profile.texts is not None:
        yield from _texts(profile.texts)
    if profile.looked_into < profile.files:
        yield f"looked into {profile.looked_into} of {profile.files} files, evenly chosen"
    if profile.not_here:
        yield f"the bytes of {profile.not_here} files are not in the cache: they were not looked into"


def _images(images: Images) -> Iterator[str]:
    if images.files:
        yield f"images     {images.files}: {_counts(images.formats)}; {_counts(images.modes)}"
    if images.dimensions:
        more = f", {images.more_dimensions} other sizes" if images.more_dimensions else ""
        yield f"           {_counts(images.dimensions)}{more}"
    if images.unreadable:
        yield f"unreadable {images.unreadable}"
        yield from (f"           {one.path}: {one.why}" for one in images.examples)


def _texts(texts: Texts) -> Iterator[str]:
    yield f"texts      {texts.files}: {texts.lines} lines, {texts.characters} characters"
    if texts.utf8 < texts.files:
        count = texts.files - texts.utf8
        yield f"not UTF-8  {count}: {_some(texts.examples, count)}"


def _groups(groups: tuple[Group, ...], more: int, unnamed: str) -> str:
    shown = [f"{group.name or unnamed} {group.files}" for group in groups[:_GROUPS]]
    rest = more + max(0, len(groups) - _GROUPS)
    return ", ".join([*shown, *([f"… {rest} more"] if rest else [])])


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _some(paths: tuple[str, ...], count: int) -> str:
    return ", ".join(paths) + (", …" if count > len(paths) else "")
