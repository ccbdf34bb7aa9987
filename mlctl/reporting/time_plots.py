"""A value over event time."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from mlctl.reporting.charts import Axes, dots, line, shaded, spanning
from mlctl.reporting.figure import Figure, figure
from mlctl.statistics.curves import band, means
from mlctl.statistics.resample import unit_codes

Array = np.ndarray[Any, Any]

_MOST = 40
_LABELS = 8
_PARTS = {"h": "hour", "D": "day", "W": "week", "M": "month", "Y": "year"}
_SHOWN = {"h": "m", "D": "D", "W": "D", "M": "M", "Y": "Y"}
_LONG = frozenset({"W", "M", "Y"})


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A value of each row, shape (rows,), with its event time (datetime64[ms]) and weight (None: equal)."""

    value: Any
    moments: Any
    weights: Any = None

    def known(self) -> "Series":
        """Without the rows that have no time."""
        has = ~np.isnat(self.moments)
        weights = None if self.weights is None else self.weights[has]
        return Series(value=self.value[has], moments=self.moments[has], weights=weights)


def over_time(own: Series, name: str, title: str, rival: Series | None = None) -> Iterator[Figure]:
    """Means of a value over hours, days, weeks or months: as fine as a few dozen points allow.

    What an evaluation draws may be as long as a point here is wide, so intervals draw days, or rows where a
    point is a day or less. `rival` is the same of another model.
    """
    own = own.known()
    times, value, weights = own.moments, own.value, own.weights
    unit = next((part for part in _PARTS if len(np.unique(_steps(times, part))) <= _MOST), None)
    if unit is None or len(np.unique(_steps(times, unit))) == 1 or not len(times):
        return
    drawn = _steps(times, "D") if unit in _LONG else np.arange(len(times))
    seconds = times.astype("datetime64[s]").astype(np.float64)
    found = band(seconds, value, _steps(times, unit), unit_codes(drawn), weights)
    beside = [] if rival is None else [_means(rival.known(), unit)]
    ends = spanning(found.mean, found.low, found.high, *(mean for _, mean in beside), zero=True)
    axes = Axes(x=spanning(found.x), y=ends, width=940, height=280)
    zero = line(axes, np.array(axes.x), np.zeros(2), "ideal")
    main = line(axes, found.x, found.mean, "own")
    others = [line(axes, *one, "rival") for one in beside]
    marks = [zero, shaded(axes, found, "spread"), *others, main, dots(axes, found)]
    every = 1 + (len(found.x) - 1) // _LABELS
    yield figure(
        title,
        f"Means by {_PARTS[unit]} with 95 % intervals, which draw {'days' if unit in _LONG else 'rows'}.",
        axes,
        marks,
        ("", name),
        [(float(at), _date(at, unit)) for at in found.x[::every]],
    )


def _means(found: Series, unit: str) -> tuple[Array, Array]:
    """Times and means of another model."""
    seconds = found.moments.astype("datetime64[s]").astype(np.float64)
    return means(seconds, found.value, _steps(found.moments, unit), found.weights)


def _steps(times: Array, unit: str) -> Array:
    """The number of the day, week (from Monday), month or year of each time."""
    if unit == "W":
        return (times.astype("datetime64[D]").astype(np.int64) + 3) // 7
    return times.astype(f"datetime64[{unit}]").astype(np.int64)


def _date(seconds: float, unit: str) -> str:
    text = str(np.datetime64(int(seconds), "s").astype(f"datetime64[{_SHOWN[unit]}]"))
    return text[5:].replace("T", " ") if unit == "h" else text
