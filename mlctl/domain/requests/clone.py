"""`mlctl clone`: a repository from a remote alone."""

import msgspec


class CloneRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Clone a remote into a folder.

    Attributes:
        url: of the remote: a path or a URL.
        folder: to be made; None for the last part of the URL.
        only: selectors; facts and files of these alone are brought.
        options: of the remote, "key=value", as DVC names them; credentials are kept privately.
    """

    url: str
    folder: str | None = None
    only: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


class CloneResult(msgspec.Struct, frozen=True, kw_only=True):
    """The repository that was made, or finished."""

    path: str
    url: str
    repository: str
    decisions: int
    facts: int
    only: tuple[str, ...] = ()
    changed: bool = True
