"""Images by their headers: format, width, height, mode, and whether the file ends where it should.

Nothing is decoded, so a file of any size costs a few reads. Formats after their specifications: PNG (W3C),
JPEG (ITU T.81), GIF89a, WebP (RFC 9649), BMP (Windows), TIFF 6.0.
"""

import struct
from collections.abc import Callable
from typing import BinaryIO

import msgspec

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"})
"""Of files that should be images of these formats."""

_TAIL = 1 << 16  # bytes that are searched at once from the end, for the mark of the end
_MOST_PARTS = 100_000
_HEAD = 18
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}  # lengths; "BM" alone begins many a text
_FIRST_BMP = 12

_MARK, _END, _SCAN = 0xFF, 0xD9, 0xDA  # of JPEG
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # marks without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LA, _RGBA = 2, 4  # channels
_WIDTHS = {3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of a value of each TIFF type, else 1
_INLINE = 4  # bytes of a TIFF tag's value that need no place of their own


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An image; `mode` as Pillow names it: L, RGB, RGBA, LA, P, CMYK, 1, I;16."""

    format: str
    width: int
    height: int
    mode: str


class NoPicture(Exception):
    """The file is no whole image; the text says why."""


def format_of(head: bytes) -> str | None:
    """The format that the first bytes of a file say, or None; 18 are enough."""
    name = next((name for start, name in _STARTS.items() if head.startswith(start)), None)
    if name == "webp" and head[8:12] != b"WEBP":
        return None
    if name == "bmp" and (
        head[6:10] != bytes(4) or int.from_bytes(head[14:18], "little") not in _BMP_HEADERS
    ):
        return None
    return name


def read_picture(file: BinaryIO, size: int) -> Picture | None:
    """The image in an open file of so many bytes; None where its first bytes are no image's.

    Raises:
        NoPicture: it begins like one, and is cut short or damaged.
    """
    file.seek(0)
    name = format_of(file.read(_HEAD))
    if name is None:
        return None
    try:
        picture = _READERS[name](file, size)
    except (struct.error, IndexError):
        raise NoPicture("it is cut short") from None
    if picture.width <= 0 or picture.height <= 0:
        raise NoPicture(f"it is {picture.width} by {picture.height}")
    return picture


def _png(file: BinaryIO, size: int) -> Picture:
    width, height, depth, colour = struct.unpack(">IIBB", _at(file, 16, 10))
    _at(file, max(size - 12, 0), 12)
    if _tail(file, size, 8) != b"IEND\xaeB`\x82":
        _walk_png(file, size)
    mode = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}.get(colour, "?")
    if colour == 0:
        mode = {1: "1", 16: "I;16"}.get(depth, "L")
    return Picture(format="png", width=width, height=height, mode=mode)


def _walk_png(file: BinaryIO, size: int) -> None:
    place = 8
    for _ in range(_MOST_PARTS):
        if place + 12 > size:
            break
        length, kind = struct.unpack(">I4s", _at(file, place, 8))
        place += 12 + length
        if kind == b"IEND":
            return
    raise NoPicture("it is cut short")


def _jpeg(file: BinaryIO, size: int) -> Picture:
    place, found = 2, None
    for _ in range(_MOST_PARTS):
        mark, kind = _at(file, place, 2)
        if mark != _MARK:
            raise NoPicture("its segments do not follow each other")
        if kind == _END:
            break
        if kind in _BARE or kind == _MARK:
            place += 2 if kind in _BARE else 1  # a second mark is padding
            continue
        (length,) = struct.unpack(">H", _at(file, place + 2, 2))
        if kind in _FRAMES:
            _, height, width, parts = struct.unpack(">BHHB", _at(file, place + 4, 6))
            mode = {1: "L", 3: "RGB", 4: "CMYK"}.get(parts, "?")
            found = Picture(format="jpeg", width=width, height=height, mode=mode)
        place += 2 + length
        if kind == _SCAN:  # pixels from here on, in which the end mark stands only at the end
            break
    if found is None:
        raise NoPicture("it has no frame")
    if not _has_end(file, place, size):
        raise NoPicture("it is cut short")
    return found


def _has_end(file: BinaryIO, start: int, size: int) -> bool:
    """Whether the end mark stands after the pixels' beginning; phones append 200 KiB of zeros after it."""
    end = size
    while end > start:
        begin = max(start, end - _TAIL)
        if b"\xff\xd9" in _at(
            file, begin, min(end - begin + 1, size - begin)
        ):  # one more: it may stand across
            return True
        end = begin
    return False


def _gif(file: BinaryIO, size: int) -> Picture:
    width, height = struct.unpack("<HH", _at(file, 6, 4))
    if not _tail(file, size, min(_TAIL, max(size - 13, 0))).rstrip(b"\0\r\n").endswith(b";"):
        raise NoPicture("it is cut short")
    return Picture(format="gif", width=width, height=height, mode="P")


def _webp(file: BinaryIO, size: int) -> Picture:
    length, kind = struct.unpack("<I4x4s", _at(file, 4, 12))
    if length + 8 > size:
        raise NoPicture("it is cut short")
    data = _at(file, 20, 10)
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[start : start + 3], "little") + 1 for start in (4, 7))
        return Picture(format="webp", width=width, height=height, mode="RGBA" if data[0] & 0x10 else "RGB")
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return Picture(format="webp", width=width, height=height, mode="RGBA" if bits >> 28 & 1 else "RGB")
    if kind != b"VP8 " or data[3:6] != b"\x9d\x01\x2a":
        raise NoPicture("it has no frame")
    width, height = (value & 0x3FFF for value in struct.unpack("<HH", data[6:10]))
    return Picture(format="webp", width=width, height=height, mode="RGB")


def _bmp(file: BinaryIO, size: int) -> Picture:
    length, pixels, header = struct.unpack("<I4xII", _at(file, 2, 16))
    if header == _FIRST_BMP:  # the first form, with half the width
        width, height, bits = struct.unpack("<HH2xH", _at(file, 18, 8))
    else:
        width, height, bits = struct.unpack("<ii2xH", _at(file, 18, 12))
    row = (width * bits + 31) // 32 * 4
    if max(length, pixels) > size or (bits in {16, 24, 32} and pixels + row * abs(height) > size):
        raise NoPicture("it is cut short")
    mode = {1: "1", 4: "P", 8: "P", 32: "RGBA"}.get(bits, "RGB")
    return Picture(format="bmp", width=width, height=abs(height), mode=mode)


def _tiff(file: BinaryIO, size: int) -> Picture:
    order = "<" if _at(file, 0, 2) == b"II" else ">"
    (place,) = struct.unpack(f"{order}I", _at(file, 4, 4))
    (count,) = struct.unpack(f"{order}H", _at(file, place, 2))
    tags = {}
    for number in range(count):
        tag, kind, length = struct.unpack(f"{order}HHI", _at(file, place + 2 + 12 * number, 8))
        tags[tag] = (kind, length, place + 10 + 12 * number)

    def last(tag: int, otherwise: int) -> int:
        """The last of a tag's whole numbers."""
        if tag not in tags:
            return otherwise
        kind, length, start = tags[tag]
        letter, wide = {3: ("H", 2), 4: ("I", 4)}.get(kind, ("B", 1))
        if length * wide > _INLINE:
            (start,) = struct.unpack(f"{order}I", _at(file, start, 4))
        (value,) = struct.unpack(f"{order}{letter}", _at(file, start + (length - 1) * wide, wide))
        return int(value)

    ends = [last(where, 0) + last(long, 0) for where, long in ((273, 279), (324, 325))]
    if max(ends) == 0 or max(ends) > size:
        raise NoPicture("it is cut short")
    for kind, length, start in tags.values():  # values that stand elsewhere
        wide = _WIDTHS.get(kind, 1) * length
        if wide > _INLINE:
            (where,) = struct.unpack(f"{order}I", _at(file, start, 4))
            _at(file, where + wide - 1, 1)
    parts = last(277, 1)
    mode = {0: "L", 1: "L", 2: "RGBA" if parts == _RGBA else "RGB", 3: "P", 5: "CMYK"}.get(last(262, 1), "?")
    if mode == "L":
        mode = "LA" if parts == _LA else {1: "1", 16: "I;16"}.get(last(258, 1), "L")
    return Picture(format="tiff", width=last(256, 0), height=last(257, 0), mode=mode)


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    data = file.read(length)
    if len(data) < length:
        raise NoPicture("it is cut short")
    return data


def _tail(file: BinaryIO, size: int, length: int) -> bytes:
    return _at(file, size - length, length)


_STARTS = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"RIFF": "webp",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
}
_READERS: dict[str, Callable[[BinaryIO, int], Picture]] = {
    "png": _png,
    "jpeg": _jpeg,
    "gif": _gif,
    "webp": _webp,
    "bmp": _bmp,
    "tiff": _tiff,
}
