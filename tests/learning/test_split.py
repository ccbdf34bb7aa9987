import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.errors import TrainingFailed
from mlctl.domain.spec import ModelSpec, SplitSpec
from mlctl.learning.split import split_rows

DAYS = np.datetime64("2012-01-01", "ms") + np.arange(100) * np.timedelta64(1, "D").astype("timedelta64[ms]")
TABLE = pa.table({"id": list(range(100)), "who": [n % 10 for n in range(100)], "y": [1.0] * 100})


def split(by="time", window=None, table=TABLE, moments=DAYS, seed=0, **over):
    spec = ModelSpec(data="rides", target="y", seed=seed, split=SplitSpec(by=by, **over))
    return split_rows(table, spec, moments=moments, key=("id",), window=window)


def test_the_newest_share_is_held_out():
    made = split(test="20%")
    assert made.train.sum() == 80
    assert made.test.sum() == 20
    assert DAYS[made.train].max() < DAYS[made.test].min() == made.cutoff


def test_rows_of_one_moment_stay_on_one_side():
    moments = np.repeat(DAYS[:10], 10)
    made = split(test="25%", moments=moments)
    assert not set(moments[made.train]) & set(moments[made.test])
    assert made.test.sum() == 30


def test_the_embargo_belongs_to_neither_side():
    made = split(test="20%", embargo="7d")
    assert made.test.sum() == 20
    assert made.train.sum() == 73


@pytest.mark.parametrize(
    ("test", "rows"), [("14d", 14), ("2012-03-01", 40), ("36h", 2), ("2012-03-01T00:00:00Z", 40)]
)
def test_a_duration_or_a_date_may_say_what_is_held_out(test, rows):
    assert split(test=test).test.sum() == rows


def test_a_window_counts_back_from_the_first_test_row():
    made = split(test="20%", window="30d")
    assert made.train.sum() == 30
    assert DAYS[made.train].min() == made.cutoff - np.timedelta64(30, "D")
    assert split(test="20%", window="all").train.sum() == 80


def test_a_row_keeps_its_side_when_others_come_or_go():
    whole = split("random", moments=None)
    part = split("random", table=TABLE.slice(30, 50), moments=None)
    assert np.array_equal(part.test, whole.test[30:80])
    assert 8 <= whole.test.sum() <= 35
    assert not np.array_equal(whole.test, split("random", moments=None, seed=1).test)


def test_a_group_is_never_on_both_sides():
    made = split("group", column="who", test="40%", moments=None)
    who = np.array(TABLE.column("who"))
    assert not set(who[made.train]) & set(who[made.test])


def test_a_column_may_mark_the_test_rows():
    made = split("column", column="who", test="3", moments=None)
    assert made.test.sum() == 10
    with pytest.raises(TrainingFailed, match=r"no row has who = '77'.*it holds: 0, 1"):
        split("column", column="who", test="77", moments=None)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"test": "2013-01-01"}, "test set is empty"),
        ({"test": "2010-01-01"}, "training set is empty"),
        ({"test": "20%", "embargo": "90d"}, "training set is empty"),
        ({"moments": None}, "needs `time`"),
        ({"by": "random", "moments": None, "window": "7d"}, "needs a time column"),
        ({"by": "group", "moments": None}, "needs `column`"),
        ({"test": "soon"}, "neither a share"),
        ({"moments": np.array([*DAYS[:99], np.datetime64("NaT")])}, "1 rows have no event time"),
    ],
)
def test_a_split_that_makes_no_sense_says_why(arguments, complaint):
    with pytest.raises(TrainingFailed, match=complaint):
        split(**arguments)


@given(st.integers(2, 60), st.integers(1, 99), st.sampled_from(["time", "random"]))
def test_the_sides_never_share_a_row(rows, percent, by):
    try:
        made = split(by, test=f"{percent}%", table=TABLE.slice(0, rows), moments=DAYS[:rows])
    except TrainingFailed:
        return
    assert not (made.train & made.test).any()
    assert made.train.any()
    assert made.test.any()
