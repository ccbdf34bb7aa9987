"""`mlctl push`: share facts and data, and publish decisions."""

import msgspec


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Push to the default remote.

    Attributes:
        dry_run: only say what waits; nothing is asked of the remote.
    """

    dry_run: bool = False


class PublishedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that is everybody's now.

    Attributes:
        pending: the number that it had here, as people type it: "p3".
        decision: its number in the shared log.
        renumbered: "demand@8 → demand@9", for each version that another one had been faster with.
    """

    pending: str
    decision: int
    kind: str
    renumbered: tuple[str, ...] = ()


class WaitingDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that could not be published, or has not been yet.

    Attributes:
        why: what stands against it; None where nothing is known to.
        in_doubt: it may be on its way to the remote; the next push finds out.
    """

    pending: str
    kind: str
    why: str | None = None
    in_doubt: bool = False


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a push has done.

    Attributes:
        facts: facts and objects that were sent.
        uploaded: decisions that the remote lacked and that keep their numbers: the beginning of a shared log.
        fetched: decisions of others that came first.
        parted: own decisions that became pending, since the remote's log is another than ours.
        renumbered: versions that wait and have another number now.
    """

    remote: str
    facts: int = 0
    uploaded: int = 0
    fetched: int = 0
    parted: int = 0
    published: tuple[PublishedDecision, ...] = ()
    waiting: tuple[WaitingDecision, ...] = ()
    renumbered: tuple[str, ...] = ()
    changed: bool = False
    dry_run: bool = False
