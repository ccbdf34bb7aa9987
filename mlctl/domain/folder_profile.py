"""What a folder of files holds, in numbers: suffixes, classes, sizes, duplicates, images and texts."""

from mlctl.domain.records import Record


class Group(Record, frozen=True, kw_only=True):
    """Files with something in common, and the bytes in them."""

    name: str
    files: int
    bytes: int


class Sizes(Record, frozen=True, kw_only=True):
    """Sizes of the files in bytes."""

    min: int
    median: int
    max: int


class Duplicates(Record, frozen=True, kw_only=True):
    """Files with equal content, empty ones aside.

    Attributes:
        groups: sets of two or more equal files.
        files: those that could go: all but one of each group.
        bytes: what they take.
        examples: paths of the groups that take most, a few of each.
    """

    groups: int
    files: int
    bytes: int
    examples: tuple[tuple[str, ...], ...] = ()


class Unreadable(Record, frozen=True, kw_only=True):
    """A file that is not what its name or its first bytes say."""

    path: str
    why: str


class Images(Record, frozen=True, kw_only=True):
    """Images, by their headers; pixels are not decoded.

    Attributes:
        files: those that were looked at and found to be images.
        formats, modes: "jpeg" to count; modes as Pillow names them (L, RGB, RGBA, P, CMYK, 1).
        dimensions: "100x100" to count, the most frequent first; `more_dimensions` others.
        unreadable: how many are cut short or no image in spite of their suffix; with examples.
    """

    files: int
    formats: dict[str, int]
    modes: dict[str, int]
    dimensions: dict[str, int]
    more_dimensions: int
    unreadable: int
    examples: tuple[Unreadable, ...] = ()


class Texts(Record, frozen=True, kw_only=True):
    """Texts, by their suffixes.

    Attributes:
        files: those that were read.
        utf8: how many of them are valid UTF-8; the others are not counted in lines and characters.
        lines, characters: in all.
        examples: paths of files that are not UTF-8.
    """

    files: int
    utf8: int
    lines: int
    characters: int
    examples: tuple[str, ...] = ()


class FolderProfile(Record, frozen=True, kw_only=True):
    """A folder version in numbers.

    Attributes:
        suffixes: by lower-case suffix ("" for none), the most files first, `more_suffixes` others.
        classes: by first folder ("" for files that are in none), by name, `more_classes` others.
        classes_in: the folder that all files are in and the classes are folders of ("images/"), or "".
        empty: files without bytes; with examples.
        looked_into: files whose bytes were looked at for images and texts: evenly chosen where there are
            more than `sampled_above`.
        not_here: of those, how many had no bytes in the cache.
    """

    files: int
    bytes: int
    suffixes: tuple[Group, ...]
    more_suffixes: int
    classes: tuple[Group, ...]
    more_classes: int
    classes_in: str
    sizes: Sizes | None
    empty: int
    empty_examples: tuple[str, ...]
    duplicates: Duplicates
    images: Images | None
    texts: Texts | None
    looked_into: int
    sampled_above: int
    not_here: int = 0
