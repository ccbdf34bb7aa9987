"""DVC's listing of a folder: its files' md5 and paths, as JSON. Its md5 names the folder."""

from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring_ascii as quoted

import msgspec

from mlctl.domain.dataset import FileEntry
from mlctl.domain.file_names import check_names


class _Listed(msgspec.Struct):
    md5: str
    relpath: str


def listed(data: bytes, source: str) -> list[tuple[str, str]]:
    """(relative path, md5) of the files that a listing names.

    Args:
        data: the listing, verified.
        source: where it stands, for the error.

    Raises:
        msgspec.DecodeError: it is none.
        Untrusted: as `check_names`.
    """
    items = msgspec.json.decode(data, type=list[_Listed])
    paths, names = [item.relpath for item in items], [item.md5 for item in items]
    check_names(paths, names, source)
    return list(zip(paths, names, strict=True))


def listing_bytes(entries: Iterable[FileEntry]) -> bytes:
    """A folder's listing as DVC writes it; its md5 (with ".dir") names the folder."""
    return b"".join(listing_pieces([sorted(entries, key=lambda entry: entry.path)]))


def listing_pieces(chunks: Iterable[Iterable[FileEntry]]) -> Iterator[bytes]:
    """The same in pieces, from entries that are sorted already."""
    before = "["
    for chunk in chunks:
        items = [f'{{"md5": "{entry.md5}", "relpath": {quoted(entry.path)}}}' for entry in chunk]
        yield f"{before}{', '.join(items)}".encode()
        before = ", "
    yield b"[]" if before == "[" else b"]"
