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
        dvc: it was taken out of DVC's settings, too.
    """

    name: str
    url: str
    left: bool
    dvc: bool = False
    changed: bool = True
    dry_run: bool = False
