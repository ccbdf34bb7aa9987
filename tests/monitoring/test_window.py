from datetime import timedelta

import numpy as np
import pytest

from mlctl.monitoring.window import MAX_WINDOWS, text_of, tumbling

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def moments(*texts):
    return np.array(texts, dtype="datetime64[ms]")


def test_windows_of_a_week_begin_on_monday_and_empty_ones_are_kept():
    time = moments("2012-01-01T05", "2012-01-02T00", "2012-01-08T23", "2012-01-17T12")
    found = tumbling(time, WEEK, horizon=np.datetime64("2012-01-18"))
    assert [text_of(window.start) for window in found] == [
        "2011-12-26T00:00:00Z",
        "2012-01-02T00:00:00Z",
        "2012-01-09T00:00:00Z",
        "2012-01-16T00:00:00Z",
    ]
    assert [list(window.rows) for window in found] == [[0], [1, 2], [], [3]]


def test_a_window_is_complete_at_the_horizon_and_due_when_the_labels_have_had_their_time():
    time = moments("2012-01-02T00", "2012-01-09T00", "2012-01-16T00")
    found = tumbling(time, WEEK, horizon=np.datetime64("2012-01-16T00"), delay=DAY)
    assert [(window.complete, window.due) for window in found] == [
        (True, True),
        (True, False),
        (False, False),
    ]


def test_rows_without_a_time_are_in_no_window():
    time = moments("NaT", "2012-01-02T00", "NaT")
    found = tumbling(time, DAY, horizon=np.datetime64("2012-01-03"))
    assert [list(window.rows) for window in found] == [[1]]
    assert tumbling(moments("NaT"), DAY, horizon=np.datetime64("2012-01-03")) == ()
    assert tumbling(moments(), DAY, horizon=np.datetime64("2012-01-03")) == ()


def test_since_starts_with_the_window_that_holds_the_moment():
    time = moments("2012-01-02", "2012-01-12", "2012-01-20")
    found = tumbling(
        time, WEEK, horizon=np.datetime64("2012-02-01"), since=np.datetime64("2012-01-13T05", "ms")
    )
    assert [text_of(window.start)[:10] for window in found] == ["2012-01-09", "2012-01-16"]


@pytest.mark.parametrize("length", [timedelta(hours=1), timedelta(hours=36), DAY, WEEK, timedelta(days=30)])
def test_every_row_is_in_exactly_one_window_whatever_the_order(length):
    random = np.random.default_rng(4)
    time = np.datetime64("2012-01-01", "ms") + random.integers(0, 20 * 86_400_000, 500).astype(
        "timedelta64[ms]"
    )
    found = tumbling(time, length, horizon=np.datetime64("2013-01-01"))
    rows = np.concatenate([window.rows for window in found])
    newest_only = len(found) == MAX_WINDOWS
    assert newest_only or sorted(rows) == list(range(500))
    for window in found:
        assert np.all((time[window.rows] >= window.start) & (time[window.rows] < window.end))
        assert list(window.rows) == sorted(window.rows)


def test_looking_again_with_more_rows_leaves_earlier_windows_as_they_were():
    time = np.datetime64("2012-01-01", "ms") + np.arange(0, 40) * np.timedelta64(86_400_000, "ms")
    early = tumbling(time[:20], WEEK, horizon=time[19])
    late = tumbling(time, WEEK, horizon=time[-1])
    for before, now in zip(early[:-1], late, strict=False):
        assert (before.start, list(before.rows)) == (now.start, list(now.rows))


def test_a_stray_old_row_does_not_make_endless_windows():
    time = moments("1975-01-01", "2012-01-01")
    assert len(tumbling(time, DAY, horizon=np.datetime64("2012-02-01"))) == MAX_WINDOWS
