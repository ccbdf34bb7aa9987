"""What `promote` is asked and what it answers."""

from mlctl.domain.gate import Reason
from mlctl.domain.ids import Digest
from mlctl.domain.records import Record


class PromoteRequest(Record, frozen=True, kw_only=True):
    """Move a stage to a version.

    Attributes:
        model: "demand" (the newest version), "demand@7", or None where the project has one model.
        to: the stage.
        reason: for the record; required with `force`.
        force: promote although the gates refuse.
        expected: digest that the stage must hold still when it moves; None: whatever it holds.
    """

    model: str | None = None
    to: str = "production"
    reason: str | None = None
    force: bool = False
    expected: str | None = None
    dry_run: bool = False


class PromoteResult(Record, frozen=True, kw_only=True):
    """Where the stage stands.

    Attributes:
        previous: the version that the stage held before, or None.
        decision: its number; None where nothing was decided.
        digest: of the artefact that the stage holds (a refit where the spec asks for one).
        reasons: why the gates refused (also where `force` overrode them).
        published: False where the decision waits for publication.
        skipped: gates that could not be judged, and why.
        held: what was asked besides metrics and holds, with its evidence.
    """

    model: str
    stage: str
    version: int
    previous: int | None
    decision: int | None
    changed: bool
    digest: Digest | None = None
    refit: bool = False
    evaluation: Digest | None = None
    forced: bool = False
    passed: bool = True
    published: bool = True
    reasons: tuple[Reason, ...] = ()
    skipped: tuple[Reason, ...] = ()
    held: tuple[Reason, ...] = ()
    dry_run: bool = False
