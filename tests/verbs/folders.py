"""Folders of files: real photographs and messages where the shared data are, small ones made here."""

import shutil
import struct
import tarfile
import zlib
from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared" / "data"
IMAGES = SHARED / "sign_digits_images" / "images.tar"
MESSAGES = SHARED / "sms_spam" / "SMSSpamCollection.tsv"


def photographs(target: Path) -> None:
    """Unpack 590 photographs, one folder a class."""
    with tarfile.open(IMAGES) as archive:
        archive.extractall(target.parent, filter="data")
    if target.name != "images":
        shutil.move(target.parent / "images", target)


def messages(target: Path, most: int = 600) -> int:
    """Write messages, a file each, one folder a class; how many."""
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()[:most]
    for number, line in enumerate(lines):
        label, _, text = line.partition("\t")
        file = target / label / f"{number:05}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    return len(lines)


def png(width: int, height: int, *, shade: int = 0, colour: int = 2) -> bytes:
    """A PNG of one shade; colour 0 is grey, 2 RGB, 6 RGBA."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    rows = (b"\0" + bytes([shade]) * (width * channels)) * height
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
