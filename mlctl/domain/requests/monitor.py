"""What `monitor` is asked, and what it answers."""

from typing import Any

import msgspec

from mlctl.domain.monitoring import WindowReport
from mlctl.domain.records import Record


class MonitorRequest(Record, frozen=True, kw_only=True):
    """Look at what a model answered.

    Attributes:
        model: of the spec, or `model@stage`; the only one if None.
        window: length of a window, instead of the spec's.
        since: event time (RFC 3339 or a date) of the first window; the stage's last change if None.
        check: record nothing; for hooks and CI.
        watch: look again and again.
        interval: seconds between two looks, with `watch`.
    """

    model: str | None = None
    window: str | None = None
    since: str | None = None
    check: bool = False
    watch: bool = False
    interval: float = 60.0


class MonitorResult(Record, frozen=True, kw_only=True):
    """Windows, oldest first, and whether an alarm stands in the newest complete one.

    Attributes:
        version, digest: what the stage holds.
        calibration: how the thresholds came about: {"weeks", "budget", "limits", "why"}.
        season: "known", or "unknown" where the reference spans less than a year.
        report: digest of the stored MonitorReport, or None with `check`.
        why: sentences about what could not be judged.
    """

    model: str
    version: int | None
    stage: str
    digest: str
    windows: tuple[WindowReport, ...]
    alarm: bool
    calibration: dict[str, Any] = msgspec.field(default_factory=dict)
    season: str = "unknown"
    report: str | None = None
    changed: bool = True
    why: tuple[str, ...] = ()
