"""`mlctl remote rm`: forget a remote."""

import msgspec


class RemoteRmRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Forget it; nothing is removed from it."""

    name: str
    dry_run: bool = False


class RemoteRmResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was forgotten.

    Attributes:
        left: the log is our own again.
    """

    name: str
    url: str
    left: bool
    changed: bool = True
    dry_run: bool = False
