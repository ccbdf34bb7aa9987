"""`mlctl push`: share facts and data, and publish decisions."""

import msgspec


class PushRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Push to the default remote.

    Attributes:
        dry_run: only say what waits; nothing is asked of the remote, unless `verify` is asked for.
        verify: ask the remote for everything that was ever sent, and send what it has lost.
    """

    dry_run: bool = False
    verify: bool = False


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


class PushedAgain(msgspec.Struct, frozen=True, kw_only=True):
    """What the remote had lost of what was sent before; of a dry run, what would be sent.

    Attributes:
        decisions: entries of the log.
        facts: facts and objects.
        files, bytes: of data.
        lacking: what it lacks and this machine does not have either: "images@1 (2 files)", "object 3f…".
    """

    decisions: int = 0
    facts: int = 0
    files: int = 0
    bytes: int = 0
    lacking: tuple[str, ...] = ()


class WaitingData(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset version whose data a push would send, as far as is known here.

    Attributes:
        dataset: "images@2".
        files, bytes: that no version which was sent before has.
    """

    dataset: str
    path: str
    files: int
    bytes: int


class PushResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a push has done.

    Attributes:
        files, bytes: of data that were sent; what was on the remote already does not count. Of a dry run,
            what would be sent at most.
        facts: facts and objects that were sent; of a dry run, facts that would be.
        uploaded: decisions that the remote lacked and that keep their numbers: the beginning of a shared log.
        fetched: decisions of others that came first.
        parted: own decisions that became pending, since the remote's log is another than ours.
        renumbered: versions that wait and have another number now.
        again: what was lost and sent again; None where that was not asked for.
        data: of a dry run, the dataset versions whose data would be sent.
    """

    remote: str
    files: int = 0
    bytes: int = 0
    facts: int = 0
    uploaded: int = 0
    fetched: int = 0
    parted: int = 0
    published: tuple[PublishedDecision, ...] = ()
    waiting: tuple[WaitingDecision, ...] = ()
    renumbered: tuple[str, ...] = ()
    again: PushedAgain | None = None
    data: tuple[WaitingData, ...] = ()
    changed: bool = False
    dry_run: bool = False
