"""`mlctl fsck`: verify the whole repository."""

import msgspec


class FsckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How thoroughly, and whether to heal.

    Attributes:
        quick: bytes of objects and of cached data are not read: what is there is believed to be whole.
        repair: what is damaged or missing is brought back from the work tree or the remote.
    """

    quick: bool = False
    repair: bool = False
    dry_run: bool = False


class FsckResult(msgspec.Struct, frozen=True, kw_only=True):
    """A clean repository; problems are an error (exit 50, or 51 where things are only missing).

    Attributes:
        checked: how many of each kind of thing were verified; "pending" are decisions that wait for
            publication, "settled" those of the same chain that were published or dropped;
            "broken_off_runs" have a folder and no process (`mlctl gc` removes what nobody goes on with).
        swept: leftovers of dead processes that were removed.
        notes: what is worth knowing and no fault.
        repaired: paths of what was (or would be) brought back.
    """

    clean: bool
    checked: dict[str, int]
    swept: tuple[str, ...]
    notes: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    changed: bool = False
