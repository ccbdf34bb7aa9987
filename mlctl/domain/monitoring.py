"""Monitoring reports: windows, their alarms and the performance seen in them."""

from typing import Any, ClassVar

import msgspec

from mlctl.domain.evaluation import Estimate
from mlctl.domain.ids import Digest
from mlctl.domain.records import Fact, Record


class Alarm(Record, frozen=True, kw_only=True):
    """One thing that moved too far.

    Attributes:
        type: "drift", "quality", "performance", "volume" or "skew"; JSON calls it "kind".
        column: what moved; a metric's name for performance.
        method: the statistic, by name ("ks", "chi2", "missing", "range", "mae", "bias", ...).
        value, threshold: in the statistic's unit.
        p_value: corrected over columns, or None.
        why: a sentence with the numbers.
        since: start of the first window in the unbroken run of windows with this alarm.
    """

    type: str = msgspec.field(name="kind")
    column: str | None
    method: str
    value: float
    threshold: float
    p_value: float | None = None
    why: str = ""
    since: str | None = None


class Drift(Record, frozen=True, kw_only=True):
    """How far one column of a window is from the reference; reported, not an alarm by itself.

    Attributes:
        p_adjusted: corrected over columns (Benjamini-Hochberg).
        season: "known" or "unknown"; unknown where the reference spans less than a year of time.
    """

    column: str
    method: str
    value: float
    p_value: float
    p_adjusted: float
    drifted: bool
    season: str = "known"


class WindowReport(Record, frozen=True, kw_only=True):
    """One window of event (or serving) time, [start, end)."""

    start: str
    end: str
    rows: int
    labelled: int
    alarms: tuple[Alarm, ...] = ()
    drift: tuple[Drift, ...] = ()
    performance: dict[str, Estimate] = msgspec.field(default_factory=dict)
    estimate: dict[str, Any] = msgspec.field(default_factory=dict)
    digests: tuple[str, ...] = ()
    note: str = ""


class MonitorReport(Fact, frozen=True, kw_only=True):
    """What a monitor saw, as a fact."""

    kind: ClassVar[str] = "reports"

    model: str
    model_digest: Digest
    stage: str
    key: Digest
    windows: tuple[WindowReport, ...]
    alarm: bool
    thresholds: dict[str, Any] = msgspec.field(default_factory=dict)
