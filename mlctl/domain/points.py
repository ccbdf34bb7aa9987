"""Points: what a program measures on the way, one JSON object a line, in the order in which they came.

`{"step": 3, "time": 1764251000.2, "loss": 0.31}`: "step" is a whole number, "time" seconds since 1970; every
other key is a series. NaN and the infinities are the texts "nan", "inf" and "-inf" (bare NaN and Infinity, as
some writers put them, are read too). A line that is no such object is left out and counted.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from mlctl.domain.records import Record

RESERVED = ("step", "time")
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Point(msgspec.Struct, frozen=True):
    """One value of one series."""

    step: int
    time: float
    value: float


class Series(Record, frozen=True, kw_only=True):
    """One series in short. Values that are no finite number are texts: "nan", "inf", "-inf".

    Attributes:
        count: points in all.
        last: value at the highest step; of several at that step, the one that came last.
        step: that step.
        low, high: smallest and largest finite value; None where there is none.
        low_step, high_step: where they were.
        not_finite: how many are NaN or infinite.
    """

    count: int
    last: float | str
    step: int
    low: float | None
    low_step: int | None
    high: float | None
    high_step: int | None
    not_finite: int


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """All that a points file holds.

    Attributes:
        series: by name, in the order in which they first came.
        unread: lines that are no points.
    """

    series: dict[str, list[Point]]
    unread: int


def read_points(data: bytes) -> Points:
    """The points of a file; a last line without its end is one that is being written, and is left out."""
    series: dict[str, list[Point]] = {}
    unread = 0
    whole, _, _ = data.rpartition(b"\n")
    for line in whole.split(b"\n"):
        if not line.strip():
            continue
        read = _line(line)
        if read is None:
            unread += 1
            continue
        step, time, values = read
        for name, value in values.items():
            series.setdefault(name, []).append(Point(step, time, value))
    return Points(series=series, unread=unread)


def summary(points: Iterable[Point]) -> Series:
    """A series in short; there is at least one point."""
    listed = list(points)
    last = max(enumerate(listed), key=lambda pair: (pair[1].step, pair[0]))[1]
    finite = [point for point in listed if math.isfinite(point.value)]
    low = min(finite, key=lambda point: point.value, default=None)
    high = max(finite, key=lambda point: point.value, default=None)
    return Series(
        count=len(listed),
        last=shown(last.value),
        step=last.step,
        low=None if low is None else low.value,
        low_step=None if low is None else low.step,
        high=None if high is None else high.value,
        high_step=None if high is None else high.step,
        not_finite=len(listed) - len(finite),
    )


def shown(value: float) -> float | str:
    """A value as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _line(line: bytes) -> tuple[int, float, dict[str, float]] | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    step, time = raw.pop("step", 0), raw.pop("time", 0.0)
    if isinstance(step, bool) or not isinstance(step, int) or not isinstance(time, int | float):
        return None
    values = {name: number for name, value in raw.items() if (number := _number(value)) is not None}
    return (step, float(time), values) if len(values) == len(raw) and values else None


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return _WORDS.get(value.lower())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
