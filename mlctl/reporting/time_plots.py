"""A value over event time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlctl.reporting.charts import Axes, dots, line, shaded, spanning
from mlctl.reporting.figure import Figure, figure
from mlctl.statistics.curves import band
from mlctl.statistics.resample import unit_codes

Array = np.ndarray[Any, Any]

_MOST = 40
_LABELS = 8
_PARTS = {"h": "hour", "D": "day", "W": "week", "M": "month", "Y": "year"}
_SHOWN = {"h": "m", "D": "D", "W": "D", "M": "M", "Y": "Y"}
_LONG = frozenset({"W", "M", "Y"})


def over_time(
    value: Array, moments: Array, name: str, title: str, weights: Array | None = None
) -> Iterator[Figure]:
    """Means of a value over hours, days, weeks or months: as fine as a few dozen points allow.

    What an evaluation draws may be as long as a point here is wide, so intervals draw days, or rows where a
    point is a day or less.
    """
    known = ~np.isnat(moments)
    times, value = moments[known], value[known]
    weights = None if weights is None else weights[known]
    unit = next((part for part in _PARTS if len(np.unique(_steps(times, part))) <= _MOST), None)
    if unit is None or len(np.unique(_steps(times, unit))) == 1 or not len(times):
        return
    drawn = _steps(times, "D") if unit in _LONG else np.arange(len(times))
    seconds = times.astype("datetime64[s]").astype(np.float64)
    found = band(seconds, value, _steps(times, unit), unit_codes(drawn), weights)
    ends = spanning(found.mean, found.low, found.high, zero=True)
    axes = Axes(x=spanning(found.x), y=ends, width=940, height=280)
    zero = line(axes, np.array(axes.x), np.zeros(2), "ideal")
    marks = [zero, shaded(axes, found, "spread"), line(axes, found.x, found.mean, "own"), dots(axes, found)]
    every = 1 + (len(found.x) - 1) // _LABELS
    yield figure(
        title,
        f"Means by {_PARTS[unit]} with 95 % intervals, which draw {'days' if unit in _LONG else 'rows'}.",
        axes,
        marks,
        ("", name),
        [(float(at), _date(at, unit)) for at in found.x[::every]],
    )


def _steps(times: Array, unit: str) -> Array:
    """The number of the day, week (from Monday), month or year of each time."""
    if unit == "W":
        return (times.astype("datetime64[D]").astype(np.int64) + 3) // 7
    return times.astype(f"datetime64[{unit}]").astype(np.int64)


def _date(seconds: float, unit: str) -> str:
    text = str(np.datetime64(int(seconds), "s").astype(f"datetime64[{_SHOWN[unit]}]"))
    return text[5:].replace("T", " ") if unit == "h" else text
