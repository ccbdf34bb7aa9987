"""Two lines: a body in canonical JSON, and what `head -n 1 FILE | sha256sum` prints for it."""

from pathlib import Path

from mlctl.domain.errors import Corrupt
from mlctl.domain.records import digest_of


def seal(body: bytes) -> bytes:
    """The file's bytes for a body that ends in its only newline."""
    return body + f"{digest_of(body)}  -\n".encode()


def unseal(path: Path, data: bytes) -> bytes:
    """The body, newline included.

    Raises:
        Corrupt: the second line is not the first one's digest, or there is more or less than two lines.
    """
    end = data.find(b"\n") + 1
    body = data[:end]
    if not body or data != seal(body):
        raise Corrupt(
            f"{path} is damaged: its second line is not the sha256 of its first", "mlctl fsck", path=str(path)
        )
    return body
