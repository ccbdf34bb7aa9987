"""What `status` is asked and what it answers."""

import msgspec

from mlctl.domain.records import Record


class StatusRequest(Record, frozen=True, kw_only=True):
    """What changed and what is stale.

    Attributes:
        check: answer with exit code 43 where something is stale.
    """

    check: bool = False


class Stale(Record, frozen=True, kw_only=True):
    """One thing that is behind.

    Attributes:
        what: "log", "data rides", "train demand", "eval demand", "promote demand", "monitor demand", "spec".
        why: a sentence.
        next: the command that brings it up to date.
    """

    what: str
    why: str
    next: str


class DatasetStatus(Record, frozen=True, kw_only=True):
    """A declared or known dataset in the work tree.

    Attributes:
        version: that the work tree stands on; None where its bytes have none.
        state: "fresh", "new" (no version yet), "changed" (since its pointer), "missing", "unreadable"
            (a symbolic link, a name with a line break, no permission: `stale` says which); where it has no
            pointer and mlctl.toml does not declare it, which is no fault, "untracked" or "absent".
    """

    name: str
    path: str
    version: int | None
    state: str
    stale: tuple[Stale, ...] = ()


class ModelStatus(Record, frozen=True, kw_only=True):
    """A model of the spec.

    Attributes:
        version: the newest; None before the first training.
        stages: the version that each stage holds.
        frozen: the stages that are frozen: by whom, since when, until when and why.
    """

    name: str
    version: int | None
    stages: dict[str, int]
    stale: tuple[Stale, ...] = ()
    frozen: dict[str, str] = msgspec.field(default_factory=dict)


class Unpushed(Record, frozen=True, kw_only=True):
    """What the default remote is not known to hold.

    Attributes:
        decisions: that wait for publication; all of them where nothing was pushed yet.
        facts: runs, versions, evaluations and so on.
        files, bytes: of the dataset versions among them; what the remote has of them is not sent again.
        next: the command that sends it, or tells why it can't be; None where nothing waits.
    """

    remote: str
    decisions: int = 0
    facts: int = 0
    files: int = 0
    bytes: int = 0
    next: str | None = None


class StatusResult(Record, frozen=True, kw_only=True):
    """The project as it stands.

    Attributes:
        decision: number of the newest one.
        clean: nothing is stale; what waits for a push is not.
        unpushed: None where the log has no remote.
        log: what the decision log has lost, and what brings it back; None where nothing is lost.
    """

    project: str
    datasets: tuple[DatasetStatus, ...]
    models: tuple[ModelStatus, ...]
    decision: int
    clean: bool
    unpushed: Unpushed | None = None
    log: Stale | None = None
