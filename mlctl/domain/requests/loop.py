"""What `loop` is asked, and what it answers."""

import msgspec

from mlctl.domain.loop import Action, Look
from mlctl.domain.records import Record


class LoopRequest(Record, frozen=True, kw_only=True):
    """Monitor, and renew the model where the spec gives a reason.

    Attributes:
        model: of the spec; the only one if None.
        stage: what is watched and renewed.
        watch: turn after turn instead of one.
        interval: seconds between two turns, with `watch`.
        dry_run: only say what would be done.
    """

    model: str | None = None
    stage: str = "production"
    watch: bool = False
    interval: float = 60.0
    dry_run: bool = False


class LoopResult(Record, frozen=True, kw_only=True):
    """One turn.

    Attributes:
        alarm: an alarm stands after the turn.
        actions: in order; one action "none" where there was nothing to do.
        before, after: what the stage held, and how it did in the newest judged window.
    """

    model: str
    stage: str
    alarm: bool
    actions: tuple[Action, ...]
    before: Look
    after: Look
    changed: bool = False
    why: tuple[str, ...] = msgspec.field(default_factory=tuple)
