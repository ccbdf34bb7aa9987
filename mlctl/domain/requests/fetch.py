"""`mlctl fetch`: bring decisions and facts of others."""

import msgspec


class FetchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Fetch from the default remote.

    Attributes:
        folder: where to look for the project.
        everything: also facts that no decision names, and all that an `--only` left out.
        only: selectors; where the repository is made by this, only these are brought.
    """

    folder: str = "."
    everything: bool = False
    only: tuple[str, ...] = ()


class FetchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a fetch has brought.

    Attributes:
        decisions: of others.
        facts: facts that are new here, or were lost here.
        objects: that had been lost here, or left where they were by an `--only`.
        parted: own decisions that became pending, since the remote's log is another than ours.
        renumbered: versions that wait and have another number now: "demand@8 → demand@9".
        waiting: decisions here that can't follow what has come, as people type them: "p3".
        made: a repository was made by this, in a folder that git brought.
    """

    remote: str
    decisions: int = 0
    facts: int = 0
    objects: int = 0
    parted: int = 0
    renumbered: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    made: bool = False
    changed: bool = False
