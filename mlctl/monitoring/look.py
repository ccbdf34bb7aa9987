"""One look at what a model answered: cut into windows, judge each by the model that answered most of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlctl.contracts.detector import Detector
from mlctl.domain.check import parse_check
from mlctl.domain.model import ModelVersion
from mlctl.domain.monitoring import Alarm, WindowReport
from mlctl.domain.spec import LimitSpec
from mlctl.monitoring import drift, quality
from mlctl.monitoring.alarm import standing, with_since
from mlctl.monitoring.columns import compared, kinds_of, present
from mlctl.monitoring.metric import estimates
from mlctl.monitoring.performance import limit_alarms, residual_alarms
from mlctl.monitoring.standard import Reference, Standard, row_values
from mlctl.monitoring.window import Window, text_of, tumbling
from mlctl.statistics.calibration import Budget
from mlctl.tabular.check import run_checks
from mlctl.tabular.join import key_codes
from mlctl.tabular.schema import type_name

USUAL_WINDOWS = 26
"""At most this many windows are judged where no first one is asked for."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One fitted model, whatever its level: recalibrated versions of it are judged together.

    Attributes:
        label: how people call it, "demand@3".
    """

    label: str
    model: ModelVersion
    reference: Reference
    standard: Standard


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, row by row.

    Attributes:
        table: inputs and mlctl's columns.
        time: shape (rows,), datetime64[ms].
        family: which of the watched models answered, shape (rows,), str; "" for one that is not watched.
        digests: of the very version that answered, shape (rows,), str.
        observed: the truth beside each row, null where it has not come.
    """

    table: pa.Table
    time: Any
    family: Any
    digests: Any
    observed: pa.ChunkedArray


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the spec says of monitoring, in values."""

    window: timedelta
    delay: timedelta
    budget: Budget
    min_rows: int
    metrics: tuple[str, ...]
    limits: Mapping[str, LimitSpec]
    drift_alarms: bool
    checks: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def alpha(self) -> float:
        """The chance of a false drift in a window that uses the budget up."""
        return float(min(0.5, self.budget.events * (self.window / self.budget.period)))


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The windows, oldest first, and the alarms that stand in the newest ones.

    Attributes:
        judged: the newest window whose performance could be judged for the deployed model, or None.
    """

    windows: tuple[WindowReport, ...]
    alarms: tuple[Alarm, ...]
    judged: WindowReport | None


def look(
    answers: Answers,
    watched: Mapping[str, Watched],
    deployed: str,
    rules: Rules,
    *,
    horizon: Any,
    since: Any | None,
    detectors: Mapping[str, Detector],
) -> Seen:
    """Judge every window.

    Args:
        answers: all rows.
        watched: by family.
        deployed: the family that the stage holds.
        rules: of the spec.
        horizon: as `window.tumbling`.
        since: event time of the first window; None for the newest windows that the deployed model answered.
        detectors: by kind of column.
    """
    labelled = present(answers.observed)
    windows = tuple(
        _due(window, labelled)
        for window in tumbling(answers.time, rules.window, horizon=horizon, delay=rules.delay, since=since)
    )
    families = [_mostly(answers.family[window.rows]) for window in windows]
    if since is None:
        start = _start_of_run(families, deployed)
        windows, families = windows[start:], families[start:]
    columns = {
        family: compared(answers.table, kinds_of(one.model.features), one.model.signature)
        for family, one in watched.items()
        if family in families
    }
    reports: list[WindowReport] = []
    for place, (window, family) in enumerate(zip(windows, families, strict=True)):
        one = watched.get(family)
        if one is None or not len(window.rows):
            reports.append(_empty(window, answers, labelled))
            continue
        before = [len(earlier.rows) for earlier in windows[:place] if earlier.complete]
        judge = _Judge(answers, one, columns[family], labelled, rules, detectors)
        reports.append(judge.report(window, family, before))
    found = with_since(reports)
    own = [
        (window, report)
        for window, family, report in zip(windows, families, found, strict=True)
        if family == deployed or not len(window.rows)
    ]
    last = windows[-1] if windows else None
    complete = next((report for window, report in reversed(own) if window.complete), None)
    due = next((report for window, report in reversed(own) if window.due), None)
    if last is None or _newest(windows, families, "complete") != deployed:
        complete = None
    if last is None or _newest(windows, families, "due") != deployed:
        due = None
    judged = next((report for window, report in reversed(own) if window.due and report.performance), None)
    return Seen(windows=found, alarms=standing(complete, due), judged=judged)


def _due(window: Window, labelled: NDArray[np.bool_]) -> Window:
    """A complete window with every label there need not wait for more."""
    early = window.complete and len(window.rows) > 0 and bool(labelled[window.rows].all())
    return msgspec.structs.replace(window, due=True) if early else window


def _newest(windows: tuple[Window, ...], families: list[str], kind: str) -> str | None:
    for window, family in zip(reversed(windows), reversed(families), strict=True):
        if getattr(window, kind) and len(window.rows):
            return family
    return None


def _mostly(families: NDArray[np.str_]) -> str:
    if len(families) == 0:
        return ""
    names, counts = np.unique(families, return_counts=True)
    return str(names[int(np.argmax(counts))])


def _start_of_run(families: list[str], deployed: str) -> int:
    """The first of the newest windows without another model's between them; else the last window."""
    start = max(0, len(families) - 1)
    for place in range(len(families) - 1, max(-1, len(families) - 1 - USUAL_WINDOWS), -1):
        if families[place] not in {deployed, ""}:
            break
        start = place
    return start


def _empty(window: Window, answers: Answers, labelled: NDArray[np.bool_]) -> WindowReport:
    note = "no rows" if not len(window.rows) else "answered by a model that is not watched"
    return WindowReport(
        start=text_of(window.start),
        end=text_of(window.end),
        rows=len(window.rows),
        labelled=int(labelled[window.rows].sum()),
        digests=tuple(str(digest) for digest in np.unique(answers.digests[window.rows])),
        note=note,
    )


class _Judge:
    """Judges windows of one model."""

    def __init__(
        self,
        answers: Answers,
        watched: Watched,
        columns: Mapping[str, drift.Values],
        labelled: NDArray[np.bool_],
        rules: Rules,
        detectors: Mapping[str, Detector],
    ) -> None:
        self.answers = answers
        self.watched = watched
        self.columns = columns
        self.labelled = labelled
        self.rules = rules
        self.detectors = detectors

    def report(self, window: Window, family: str, before: list[int]) -> WindowReport:
        """Everything about one window."""
        rows = window.rows[self.answers.family[window.rows] == family]
        known = rows[self.labelled[rows]]
        notes, alarms, drifts = [], [], ()
        metrics = {}
        if not window.complete:
            notes.append("still open")
        if len(rows) < self.rules.min_rows:
            notes.append(f"too few rows to judge: {len(rows)} of {self.rules.min_rows}")
        elif window.complete:
            drifts = self._drift(rows)
            alarms += self._quality(rows)
            if self.rules.drift_alarms:
                alarms += drift.drift_alarms(drifts, self.rules.alpha)
            volume = quality.volume_alarm(len(window.rows), before)
            alarms += [volume] if volume is not None else []
        if len(rows) < len(window.rows):
            notes.append(f"judges the {len(rows)} rows that {self.watched.label} answered")
        if len(known) >= self.rules.min_rows:
            table = self.answers.table.take(pa.array(known))
            observed = self.answers.observed.take(pa.array(known))
            metrics = estimates(
                table, observed, self.answers.time[known], self.watched.model.signature, self.rules.metrics
            )
            if window.due:
                values = row_values(table, observed, self.watched.model.signature)
                alarms += residual_alarms(values, self.watched.standard.residuals)
                alarms += limit_alarms({name: one.value for name, one in metrics.items()}, self.rules.limits)
        elif window.due and len(rows) >= self.rules.min_rows:
            notes.append(f"too few labels to judge performance: {len(known)} of {self.rules.min_rows}")
        elif window.complete and not window.due:
            notes.append("labels are not due yet")
        return WindowReport(
            start=text_of(window.start),
            end=text_of(window.end),
            rows=len(window.rows),
            labelled=int(self.labelled[window.rows].sum()),
            alarms=tuple(alarms),
            drift=drifts,
            performance=metrics,
            digests=tuple(str(digest) for digest in np.unique(self.answers.digests[rows])),
            note="; ".join(notes),
        )

    def _drift(self, rows: NDArray[np.int64]) -> Any:
        return drift.compare(
            self.watched.reference.columns,
            self.columns,
            rows,
            detectors=self.detectors,
            null=self.watched.standard.null,
            alpha=self.rules.alpha,
            season=self.watched.standard.season,
        )

    def _quality(self, rows: NDArray[np.int64]) -> list[Alarm]:
        table, standard = self.answers.table, self.watched.standard
        found: list[Alarm | None] = []
        for entry in self.watched.model.signature.inputs:
            if entry.role != "feature":
                continue
            if entry.name not in self.columns:
                if entry.name not in table.column_names and not entry.nullable:
                    found.append(quality.absent_alarm(entry.name, len(rows)))
                continue
            column = self.columns[entry.name]
            kind = type_name(table.column(entry.name).type)
            found += quality.column_alarms(entry, column, rows, standard.usual, kind)
        own = table.take(pa.array(rows))
        if self.rules.key and set(self.rules.key) <= set(own.column_names):
            codes = key_codes([own], self.rules.key)[0]
            found.append(quality.doubled_alarm(codes[codes >= 0], self.rules.key))
        found += [self._check(own, check) for check in self.rules.checks]
        return [alarm for alarm in found if alarm is not None]

    def _check(self, own: pa.Table, check: str) -> Alarm | None:
        names = [column.name for column in parse_check(check).columns]
        if not names or set(names) - set(own.column_names) or set(names) <= set(self.rules.key):
            return None  # of the target or of the whole table; doubled keys have their own rule
        result = run_checks(own, [check], "the served rows")[0]
        return quality.check_alarm(check, names[0] if len(names) == 1 else None, result.failed, own.num_rows)
