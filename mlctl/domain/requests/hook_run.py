"""`mlctl hook run`."""

import msgspec


class HookRunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What git tells a hook.

    Attributes:
        hook: "pre-push".
        remote: name of git's remote, or its URL where it has no name.
        url: of git's remote.
        refs: what git writes on the hook's stdin.
    """

    hook: str
    remote: str = ""
    url: str = ""
    refs: str = ""


class LackingData(msgspec.Struct, frozen=True, kw_only=True):
    """A pushed pointer whose data are not on their remote.

    Attributes:
        pointer: its path from the top of the git work tree; of a pipeline's output that of its `dvc.lock`.
        what: of a pipeline's output, which one.
        dataset: `images@2`, where the log knows the version.
        url: the data's remote.
        here: whether this machine's cache holds the data, so that it can send them.
        added_by: who made the version, by the log; else the commit's author.
        added_at: when, RFC 3339 UTC.
        sent: whether a remote is believed to hold the data: they were there once, and are lost.
    """

    pointer: str
    what: str | None
    md5: str
    bytes: int | None
    files: int | None
    dataset: str | None
    url: str
    here: bool
    commit: str
    subject: str
    added_by: str
    added_at: str
    sent: bool = False


class HookRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """A push that may go on.

    Attributes:
        pointers: how many pointer versions the push brings.
        urls: the data's remotes that were asked.
    """

    pointers: int
    urls: tuple[str, ...] = ()
