"""Images by their headers. The files are written here byte by byte, after the formats' specifications."""

import io
import struct

import pytest

from mlctl.workspace.pictures import NoPicture, Picture, format_of, read_picture
from tests.verbs import folders

JPEG = (
    b"\xff\xd8"
     b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0\xff\xd9\0\0"  # a thumbnail's end mark inside
    + b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 48, 64, 3) + b"\1\x22\0\2\x11\1\3\x11\1"
    + b"\xff\xda" + struct.pack(">H", 12) + b"\3\1\0\2\x11\3\x11\0\x3f\0"
    + b"pixels\xff\0pixels"
    + b"\xff\xd9"
)  # fmt: skip
GREY = JPEG.replace(
    struct.pack(">HBHHB", 17, 8, 48, 64, 3) + b"\1\x22\0\2\x11\1\3\x11\1",
    struct.pack(">HBHHB", 11, 8, 48, 64, 1) + b"\1\x22\0",
)
GIF = b"GIF89a" + struct.pack("<HHBBB", 5, 7, 0, 0, 0) + b"\x2c" + b"data" * 4 + b";"
BMP = b"BM" + struct.pack("<IIIIiiHH", 54 + 48, 0, 54, 40, 4, -4, 1, 24) + bytes(24) + bytes(48)


def riff(kind, data):
    return b"RIFF" + struct.pack("<I", len(data) + 12) + b"WEBP" + kind + struct.pack("<I", len(data)) + data


VP8 = riff(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 30, 20) + bytes(10))
VP8L = riff(b"VP8L", b"\x2f" + struct.pack("<I", 29 | 19 << 14 | 1 << 28) + bytes(10))
VP8X = riff(b"VP8X", b"\x10\0\0\0" + (29).to_bytes(3, "little") + (19).to_bytes(3, "little") + bytes(10))


def tiff(order, *, photometric=2, samples=3):
    """One strip of 2 x 3 pixels; its directory stands behind it."""
    letter = {"<": b"II", ">": b"MM"}[order]
    tags = [
        (256, 3, 2), (257, 3, 3), (258, 3, 8), (262, 3, photometric),
        (273, 4, 8), (277, 3, samples), (279, 4, 18),
    ]  # fmt: skip
    body = b"".join(
        struct.pack(f"{order}HHI", tag, kind, 1)
        + (struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value))
        for tag, kind, value in tags
    )
    head = letter + struct.pack(f"{order}HI", 42, 26)
    return head + bytes(18) + struct.pack(f"{order}H", len(tags)) + body + bytes(4)


WHOLE = [
    (folders.png(3, 2), ("png", 3, 2, "RGB")),
    (folders.png(3, 2, colour=6), ("png", 3, 2, "RGBA")),
    (folders.png(300, 200, colour=0) + b"appended", ("png", 300, 200, "L")),
    (JPEG, ("jpeg", 64, 48, "RGB")),
    (JPEG + bytes(200_000), ("jpeg", 64, 48, "RGB")),
    (GREY, ("jpeg", 64, 48, "L")),
    (GIF, ("gif", 5, 7, "P")),
    (BMP, ("bmp", 4, 4, "RGB")),
    (VP8, ("webp", 30, 20, "RGB")),
    (VP8L, ("webp", 30, 20, "RGBA")),
    (VP8X, ("webp", 30, 20, "RGBA")),
    (tiff("<"), ("tiff", 2, 3, "RGB")),
    (tiff(">", photometric=1, samples=1), ("tiff", 2, 3, "L")),
]
IDS = [f"{expected[0]}-{expected[3]}-{len(data)}" for data, expected in WHOLE]


def read(data):
    return read_picture(io.BytesIO(data), len(data))


@pytest.mark.parametrize(("data", "expected"), WHOLE, ids=IDS)
def test_a_whole_image_tells_format_size_and_mode(data, expected):
    name, width, height, mode = expected
    assert read(data) == Picture(format=name, width=width, height=height, mode=mode)


@pytest.mark.parametrize(("data", "expected"), WHOLE, ids=IDS)
def test_an_image_that_is_cut_short_is_never_whole(data, expected):
    essential = data.removesuffix(b"appended").rstrip(b"\0") if expected[0] in {"png", "jpeg"} else data
    least = {"tiff": 8}.get(expected[0], 18)
    lost = {"bmp": 1, "tiff": 5}.get(expected[0], 1)  # a directory's last four bytes name another one
    for length in range(least, len(essential) - lost + 1, 7):
        with pytest.raises(NoPicture):
            read(data[:length])


def test_other_files_are_no_images():
    for data in (b"", b"BMW is a car, and this is a text", b"RIFF1234WAVEfmt ", b"\0" * 100, b"\x89PNG"):
        assert format_of(data) is None
        assert read(data) is None


def test_bytes_at_random_after_an_honest_beginning_never_crash():
    for start in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"MM\0*", VP8X[:16], BMP[:18]):
        for seed in range(256):
            data = start + bytes((seed * n * 31 + n) % 256 for n in range(200))
            try:
                assert read(data) is not None
            except NoPicture as error:
                assert str(error)  # noqa: PT017 - either answer is right; a crash is not
