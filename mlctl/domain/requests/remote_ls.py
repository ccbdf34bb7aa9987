"""`mlctl remote ls`: the remotes."""

import msgspec


class RemoteLsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; nothing is asked of them."""


class RemoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """One remote.

    Attributes:
        log: whether the log can be shared through it.
        origin: "mlctl" or "dvc": whose configuration names it.
    """

    name: str
    url: str
    default: bool
    log: bool
    origin: str


class RemoteLsResult(msgspec.Struct, frozen=True, kw_only=True):
    """The remotes by name.

    Attributes:
        joined: the log of this repository is the default remote's.
    """

    remotes: tuple[RemoteRow, ...]
    joined: bool
