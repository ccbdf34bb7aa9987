"""Windows of time: a fixed grid, so that looking more often does not make more windows to be wrong about.

Windows of whole weeks begin on Mondays, all others are counted from 1970; all in UTC, [start, end).
"""

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

MAX_WINDOWS = 400
"""At most this many are judged, the newest."""

_MONDAY = 4 * 86_400_000
_WEEK = timedelta(days=7)
_MILLISECOND = timedelta(milliseconds=1)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One window and the positions of its rows.

    Attributes:
        start, end: datetime64[ms].
        rows: positions in the table, shape (n,), int64, ascending.
        complete: no more rows are expected.
        due: complete, and the labels had the time that they take.
    """

    start: Any
    end: Any
    rows: Any
    complete: bool
    due: bool


def tumbling(
    time: NDArray[Any],
    length: timedelta,
    *,
    horizon: Any,
    delay: timedelta = timedelta(0),
    since: Any | None = None,
) -> tuple[Window, ...]:
    """The windows from the first row (or `since`) to the newest row, empty ones between them included.

    Args:
        time: shape (rows,), datetime64[ms]; rows without a time (NaT) are in no window.
        length: of a window.
        horizon: the moment up to which everything that happened is in the table, datetime64[ms].
        delay: how long after a window its labels have come.
        since: the window that holds this moment is the first.
    """
    step = int(length / _MILLISECOND)
    offset = _MONDAY if length % _WEEK == timedelta(0) else 0
    known = ~np.isnat(time)
    if step <= 0 or not known.any():
        return ()
    stamps = time.astype("datetime64[ms]").astype(np.int64)
    index = np.floor_divide(stamps - offset, step)
    last = int(index[known].max())
    first = int(index[known].min())
    if since is not None:
        first = max(first, (int(np.datetime64(since, "ms").astype(np.int64)) - offset) // step)
    first = max(first, last - MAX_WINDOWS + 1)
    order = np.argsort(index, kind="stable")
    order = order[known[order]]
    ordered = index[order]
    limit = int(np.datetime64(horizon, "ms").astype(np.int64))
    found = []
    for number in range(first, last + 1):
        low, high = np.searchsorted(ordered, [number, number + 1])
        end = offset + (number + 1) * step
        found.append(
            Window(
                start=np.datetime64(end - step, "ms"),
                end=np.datetime64(end, "ms"),
                rows=np.sort(order[low:high]),
                complete=end <= limit,
                due=end + int(delay / _MILLISECOND) <= limit,
            )
        )
    return tuple(found)


def text_of(moment: Any) -> str:
    """RFC 3339 of a datetime64, UTC."""
    return f"{np.datetime_as_string(np.datetime64(moment, 'ms'), unit='s')}Z"


def days_of(time: NDArray[Any]) -> NDArray[np.int64]:
    """The day of each time, counted from 1970, for resampling by day."""
    return np.asarray(time.astype("datetime64[D]").astype(np.int64))
