# ruff: noqa: DTZ001 - tables hold UTC without a zone

from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from mlctl.domain.errors import ColumnMissing, UnreadableTable
from mlctl.tabular.time import event_time


def times(*texts: str) -> list[str]:
    return np.array(texts, dtype="datetime64[ms]").tolist()


def test_a_date_and_an_hour_make_a_time() -> None:
    table = pa.table({"day": [date(2012, 1, 1), date(2012, 1, 2)], "hr": [0, 23]})
    found = event_time(table, ["day", "hr"])
    assert found.dtype == np.dtype("datetime64[ms]")
    assert found.tolist() == times("2012-01-01", "2012-01-02T23:00")


def test_text_as_served_gives_the_same_as_dates() -> None:
    table = pa.table({"day": ["2012-01-01", "2012-01-02"], "hr": [0.0, 23.0]})
    assert event_time(table, ["day", "hr"]).tolist() == times("2012-01-01", "2012-01-02T23:00")


def test_zones_are_brought_to_utc() -> None:
    table = pa.table({"at": ["2012-01-01T10:00:00+02:00", "2012-01-01T10:00:00Z"]})
    assert event_time(table, ["at"]).tolist() == times("2012-01-01T08:00", "2012-01-01T10:00")
    zoned = pa.table({"at": pa.array([datetime(2012, 1, 1, 8)], pa.timestamp("us", "UTC"))})
    assert event_time(zoned, ["at"]).tolist() == times("2012-01-01T08:00")


def test_a_missing_part_gives_no_time() -> None:
    table = pa.table({"day": [date(2012, 1, 1), None], "hr": [None, 3]})
    assert np.isnat(event_time(table, ["day", "hr"])).all()


@pytest.mark.parametrize(
    ("columns", "by", "says"),
    [
        ({"day": ["2012-01-01", "soon"]}, ["day"], "row 2"),
        ({"day": [1, 2]}, ["day"], "not dates"),
        ({"day": ["2012-01-01"], "hr": [24]}, ["day", "hr"], "not hours"),
        ({"day": ["2012-01-01"], "hr": ["3"]}, ["day", "hr"], "not hours"),
    ],
)
def test_what_is_no_time_is_told(columns, by, says) -> None:
    with pytest.raises(UnreadableTable, match=says):
        event_time(pa.table(columns), by)


def test_a_missing_column_is_told() -> None:
    with pytest.raises(ColumnMissing):
        event_time(pa.table({"day": ["2012-01-01"]}), ["dya"])
