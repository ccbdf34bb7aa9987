"""Faults in the rows themselves: missing, mistyped, impossible, unknown, stuck or doubled values, and volume.

These are for faults, not for change: each rule has a margin that ordinary weeks stay inside, and season is
not mistaken for a fault (a column that is constant, or beyond its range, only since the reference lacks that
season, is let be).
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlctl.domain.model import Input
from mlctl.domain.monitoring import Alarm
from mlctl.monitoring.drift import Values
from mlctl.statistics.tails import binomial_tail

MISSING_MARGIN = 0.05
RARE = 1e-4
FAR_SHARE = 0.01
OUTSIDE_SHARE = 0.2
UNSEEN_SHARE = 0.05
DOUBLED_SHARE = 0.05
VOLUME_WINDOWS = 4
VOLUME_FACTOR = 2.0

_NUMBERS = ("integer", "number")


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """What the reference says of its columns.

    Attributes:
        missing: share of missing cells by column.
        constant: columns that hold a single value in some window of the reference.
        rows: of the reference.
        whole_year: whether it spans a year, so that a range holds in every season.
    """

    missing: Mapping[str, float]
    constant: frozenset[str]
    rows: int
    whole_year: bool


def column_alarms(
    entry: Input, column: Values, rows: NDArray[np.int64], usual: Usual, type_name: str
) -> tuple[Alarm, ...]:
    """The faults of one feature in one window.

    Args:
        entry: of the model's signature.
        column: the served values.
        rows: positions of the window's rows.
        usual: of the reference.
        type_name: of the served column, as `tabular.schema.type_name`.
    """
    if len(rows) == 0:
        return ()
    found = [_missing(entry, column, rows, usual), _mistyped(entry, type_name, len(rows))]
    present = column.at(rows)
    if len(present):
        if column.kind == "numeric":
            found += [_outside(entry, np.asarray(present, np.float64), usual), _stuck(entry, present, usual)]
        else:
            found.append(_unseen(entry, present))
    return tuple(alarm for alarm in found if alarm is not None)


def _missing(entry: Input, column: Values, rows: NDArray[np.int64], usual: Usual) -> Alarm | None:
    absent = int(np.count_nonzero(np.asarray(column.missing)[rows]))
    before = usual.missing.get(entry.name, 0.0)
    share = absent / len(rows)
    chance = binomial_tail(absent, len(rows), max(before, 1.0 / (usual.rows + 1)))
    if share - before <= MISSING_MARGIN or chance > RARE:
        return None
    why = f"{entry.name} is missing in {share:.0%} of the rows, {before:.1%} in the reference"
    return _alarm(entry.name, "missing", share, before + MISSING_MARGIN, why)


def _mistyped(entry: Input, type_name: str, rows: int) -> Alarm | None:
    if type_name == entry.type or (type_name in _NUMBERS and entry.type in _NUMBERS):
        return None
    if {type_name, entry.type} <= {"string", "date", "datetime"}:
        return None  # times may be served as ISO text
    return _alarm(
        entry.name, "type", float(rows), 0.0, f"{entry.name} holds {type_name}, the model learnt {entry.type}"
    )


def _outside(entry: Input, present: NDArray[np.float64], usual: Usual) -> Alarm | None:
    low, high = entry.minimum, entry.maximum
    if low is None or high is None or not usual.whole_year:
        return None
    width = max(high - low, 1e-12)
    outside = float(np.mean((present < low) | (present > high)))
    far = float(np.mean((present < low - width) | (present > high + width)))
    if far > FAR_SHARE:
        why = f"{entry.name} is far outside {low:g}..{high:g} in {far:.1%} of the rows"
        return _alarm(entry.name, "far_range", far, FAR_SHARE, why)
    if outside > OUTSIDE_SHARE:
        why = f"{entry.name} is outside {low:g}..{high:g} in {outside:.0%} of the rows"
        return _alarm(entry.name, "range", outside, OUTSIDE_SHARE, why)
    return None


def _stuck(entry: Input, present: NDArray[np.float64], usual: Usual) -> Alarm | None:
    if entry.name in usual.constant or len(present) < VOLUME_WINDOWS or np.ptp(present) > 0:
        return None
    if entry.minimum is not None and entry.minimum == entry.maximum:
        return None
    why = f"{entry.name} is {present[0]:g} in every row; no window of the reference is constant"
    return _alarm(entry.name, "constant", float(present[0]), 0.0, why)


def _unseen(entry: Input, present: NDArray[np.str_]) -> Alarm | None:
    if not entry.categories:
        return None
    new = ~np.isin(present, np.asarray(entry.categories))
    share = float(new.mean())
    if share <= UNSEEN_SHARE:
        return None
    examples = ", ".join(repr(str(value)) for value in np.unique(present[new])[:3])
    why = f"{entry.name} holds values that training never saw in {share:.0%} of the rows: {examples}"
    return _alarm(entry.name, "unseen", share, UNSEEN_SHARE, why)


def doubled_alarm(keys: NDArray[np.int64], names: Sequence[str]) -> Alarm | None:
    """Rows that repeat a key of the same window.

    Args:
        keys: a code for each row of the window that has a key, equal for equal keys.
        names: of the key's columns.
    """
    if len(keys) == 0:
        return None
    share = 1.0 - len(np.unique(keys)) / len(keys)
    if share <= DOUBLED_SHARE:
        return None
    key = ", ".join(names)
    return _alarm(
        key, "duplicates", share, DOUBLED_SHARE, f"{share:.0%} of the rows repeat the key ({key}) of another"
    )


def volume_alarm(rows: int, before: Sequence[int]) -> Alarm | None:
    """A window with less than half or more than twice the rows of the windows before it (their median).

    Args:
        rows: of the window.
        before: rows of the complete windows before it; fewer than four say nothing.
    """
    if len(before) < VOLUME_WINDOWS:
        return None
    usual = float(np.median(np.asarray(before)))
    if usual / VOLUME_FACTOR <= rows <= usual * VOLUME_FACTOR:
        return None
    limit = usual / VOLUME_FACTOR if rows < usual else usual * VOLUME_FACTOR
    why = f"{rows} rows, {usual:.0f} in the median of the {len(before)} windows before"
    return Alarm(type="volume", column=None, method="rows", value=float(rows), threshold=limit, why=why)


def check_alarm(check: str, column: str | None, failed: int, rows: int) -> Alarm | None:
    """A declared check of the dataset that served rows break."""
    if failed == 0:
        return None
    why = f"{failed} of {rows} rows break the declared check {check}"
    return _alarm(column, "check", float(failed), 0.0, why)


def absent_alarm(name: str, rows: int) -> Alarm:
    """A feature that no served row carries."""
    return _alarm(name, "missing", 1.0, 0.0, f"{name} is in none of the {rows} rows")


def constant_windows(column: Values, window: NDArray[np.int64]) -> bool:
    """Whether a numeric reference column holds one value alone in some window (of at least four values).

    Args:
        column: of the reference.
        window: number of the window of each row, shape (rows,).
    """
    if column.kind != "numeric":
        return True
    kept = ~np.asarray(column.missing)
    values, numbers = np.asarray(column.values, np.float64)[kept], window[kept]
    if len(values) == 0:
        return True
    order = np.argsort(numbers, kind="stable")
    values, numbers = values[order], numbers[order]
    starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    spread = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
    return bool(np.any((spread == 0) & (sizes >= VOLUME_WINDOWS)))


def _alarm(column: str | None, method: str, value: float, threshold: float, why: str) -> Alarm:
    return Alarm(type="quality", column=column, method=method, value=value, threshold=threshold, why=why)
