"""`mlctl remote add`: where the project is shared."""

import msgspec


class RemoteAddRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Add a remote.

    Attributes:
        url: a path, relative to the project or absolute, or a URL without a password.
        options: "key=value", as DVC names them; credentials are kept privately.
        default: it is the one that push and pull mean; the first one always is.
        adopt: it may be another repository's: its log becomes ours, and our decisions wait on top.
    """

    name: str
    url: str
    options: tuple[str, ...] = ()
    default: bool = False
    adopt: bool = False
    dry_run: bool = False


class RemoteAddResult(msgspec.Struct, frozen=True, kw_only=True):
    """The remote.

    Attributes:
        log: whether its store refuses the second writer of a key, so that it can hold the log.
        writable: False where it can only be read.
        decisions: that were on it and are here now.
        parted: own decisions that became pending, since the remote's log is another than ours.
        dvc: the remote was written into DVC's settings, too.
        data: where data go instead, since DVC's default remote is another place; None where they go here.
    """

    name: str
    url: str
    default: bool
    log: bool
    writable: bool
    decisions: int = 0
    parted: int = 0
    renumbered: tuple[str, ...] = ()
    dvc: bool = False
    data: str | None = None
    changed: bool = True
    dry_run: bool = False
