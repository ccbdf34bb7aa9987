"""Prediction ids, many at a time: ULIDs of one moment, 80 random bits each."""

import os

from mlctl.domain.ids import Ulid

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)
"""Text of every 10-bit number, so that 80 bits are eight look-ups."""
_ENTROPY = 10
_TEN_BITS = 1023


def ulids(milliseconds: int, count: int) -> tuple[Ulid, ...]:
    """`count` fresh ids of one moment, equal in form to `domain.ids.ulid`.

    Args:
        milliseconds: since 1970-01-01T00:00:00Z.
        count: how many; one call of the system's random source serves all.
    """
    pairs = _PAIRS
    head = "".join([pairs[(milliseconds >> shift) & _TEN_BITS] for shift in (40, 30, 20, 10, 0)])
    entropy = os.urandom(_ENTROPY * count)
    found = []
    for start in range(0, _ENTROPY * count, _ENTROPY):
        number = int.from_bytes(entropy[start : start + _ENTROPY], "big")
        found.append(
            Ulid(head + "".join([pairs[(number >> shift) & _TEN_BITS] for shift in range(70, -1, -10)]))
        )
    return tuple(found)
