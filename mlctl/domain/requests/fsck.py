"""`mlctl fsck`: verify the whole repository."""

import msgspec


class FsckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to choose: everything is verified."""


class FsckResult(msgspec.Struct, frozen=True, kw_only=True):
    """A clean repository; problems are an error (exit 50, or 51 where things are only missing).

    Attributes:
        checked: how many of each kind of thing were verified.
        swept: leftovers of dead processes that were removed.
        notes: what is worth knowing and no fault.
    """

    clean: bool
    checked: dict[str, int]
    swept: tuple[str, ...]
    notes: tuple[str, ...]
