"""A live segment of a prediction log: lines of `<crc32, 8 hex digits> <canonical JSON>`, one a request.

Its writer holds flock on it while it lives. A last line without its newline was never acknowledged and is
passed over; any other line that does not verify is damage.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mlctl.domain.errors import Corrupt
from mlctl.domain.ids import is_ulid
from mlctl.domain.prediction import Answered

SUFFIX = ".log"

_ENCODER = msgspec.json.Encoder(order="sorted")
_DECODER = msgspec.json.Decoder(Answered)
_HEAD = 9  # eight digits and a space


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """A line (counted from 1) that does not verify."""

    line: int
    what: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment holds.

    Attributes:
        torn: bytes after the last newline, of a write that was never acknowledged.
    """

    answers: tuple[Answered, ...]
    damages: tuple[Damage, ...]
    torn: int


def line_of(answered: Answered) -> bytes:
    """One request as a segment keeps it."""
    body = _ENCODER.encode(answered)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def read_segment(data: bytes) -> Content:
    """Everything in a segment's bytes, its damages named."""
    answers: list[Answered] = []
    damages: list[Damage] = []
    lines = data.split(b"\n")
    tail = lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            answers.append(_verified(line))
        except ValueError as error:
            damages.append(Damage(line=number, what=str(error)))
    if tail and _is_whole(tail):
        damages.append(
            Damage(line=len(lines) + 1, what="a whole line with another byte in place of its newline")
        )
        tail = b""
    return Content(answers=tuple(answers), damages=tuple(damages), torn=len(tail))


def answers_of(path: Path, data: bytes) -> tuple[Answered, ...]:
    """The answers in a segment.

    Raises:
        Corrupt: a line does not verify.
    """
    content = read_segment(data)
    if content.damages:
        first = content.damages[0]
        raise Corrupt(
            f"{path}, line {first.line}: {first.what}", "mlctl fsck", path=str(path), line=first.line
        )
    return content.answers


def segments(folder: Path) -> list[Path]:
    """The segments in a model's folder, oldest first."""
    if not folder.exists():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and is_ulid(path.stem))


@contextmanager
def taken(path: Path) -> Iterator[bool]:
    """Hold a segment whose writer is gone; False where it lives, or another process sealed it just now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield os.fstat(descriptor).st_nlink > 0
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _verified(line: bytes) -> Answered:
    body = line[_HEAD:]
    if line[:_HEAD] != b"%08x " % zlib.crc32(body):
        raise ValueError("the line's checksum does not match it")
    return _DECODER.decode(body)


def _is_whole(tail: bytes) -> bool:
    """Whether all but the last byte is a line that verifies: then that byte was its newline."""
    return len(tail) > _HEAD and tail[:_HEAD] == b"%08x " % zlib.crc32(tail[_HEAD:-1])
