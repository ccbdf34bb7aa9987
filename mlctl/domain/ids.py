"""Identifiers: digests name bytes, ULIDs name events in the order of time."""

import re
from typing import NewType

Digest = NewType("Digest", str)
"""A sha256 in 64 lower-case hexadecimal digits: the name of an object or of a fact."""

Ulid = NewType("Ulid", str)
"""26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random bits. Sorts by time."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
_ULID_LENGTH = 26


def is_digest(text: str) -> bool:
    """Whether the text is a sha256 as mlctl writes it."""
    return _DIGEST.match(text) is not None


def is_ulid(text: str) -> bool:
    """Whether the text is a ULID as mlctl writes it."""
    return _ULID.match(text) is not None


def ulid(milliseconds: int, entropy: bytes) -> Ulid:
    """The ULID of a moment.

    Args:
        milliseconds: since 1970-01-01T00:00:00Z.
        entropy: 10 random bytes.
    """
    number = (milliseconds << 80) | int.from_bytes(entropy[:10], "big")
    return Ulid(
        "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(5 * (_ULID_LENGTH - 1), -1, -5))
    )


def short(digest: str) -> str:
    """The first 12 digits, for people; programs get the whole digest."""
    return digest[:12]
