"""The only encoder of stored records: canonical JSON, and the digest of bytes.

Canonical means: UTF-8, keys sorted, no spaces, one newline at the end, floats in their shortest form
that reads back equal, no NaN or infinity (they are null). A record's name is the sha256 of these bytes,
newline included, so `sha256sum` verifies any of them.
"""

import hashlib
from typing import Any, ClassVar, TypeVar

import msgspec

from mlctl.domain.ids import Digest

_ENCODER = msgspec.json.Encoder(order="sorted")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A value with a stored form. Readers ignore keys they do not know."""


class Fact(Record, frozen=True, kw_only=True):
    """An immutable, uniquely named statement; `kind` names its folder under `.mlctl/facts/`.

    Attributes:
        created_at: RFC 3339 UTC.
    """

    kind: ClassVar[str] = ""

    created_at: str


R = TypeVar("R")


def encode(record: Any) -> bytes:
    """The canonical bytes of a record, ending in a newline."""
    return _ENCODER.encode(record) + b"\n"


def decode(data: bytes, shape: type[R]) -> R:
    """The record that the bytes hold.

    Raises:
        msgspec.DecodeError: the bytes are not JSON of this shape.
    """
    return msgspec.json.decode(data, type=shape)


def digest_of(data: bytes) -> Digest:
    """The sha256 that names these bytes."""
    return Digest(hashlib.sha256(data).hexdigest())
