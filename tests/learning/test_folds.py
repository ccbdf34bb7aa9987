import numpy as np
import pytest

from mlctl.learning import folds
from mlctl.learning.folds import FOLDS, blocks, fold_of


def hours(count, start="2011-01-01"):
    return np.datetime64(start, "ms") + np.arange(count) * np.timedelta64(3_600_000, "ms")


def test_weeks_begin_on_monday_and_stay_together():
    moments = hours(24 * 7 * 30)
    week = blocks(moments, "week")
    assert np.datetime64("2011-01-03") == moments[np.flatnonzero(np.diff(week))[0] + 1].astype(
        "datetime64[D]"
    )
    fold = fold_of(len(moments), moments, 0)
    assert all(len(set(fold[week == one])) == 1 for one in np.unique(week))
    assert set(fold) == set(range(FOLDS))


def test_every_row_is_answered_exactly_once():
    fold = fold_of(500, None, 3)
    answered = np.zeros(500)
    for learnt, held in folds.folds(fold):
        assert not (learnt & held).any()
        answered += held
    assert (answered == 1).all()


def test_whole_groups_stay_together_where_groups_are_given():
    groups = np.arange(200) % 20
    fold = fold_of(200, hours(200), 0, groups)
    assert all(len(set(fold[groups == one])) == 1 for one in range(20))
    assert set(fold) == set(range(FOLDS))


def test_days_are_taken_where_there_are_too_few_weeks():
    moments = hours(24 * 9)
    fold = fold_of(len(moments), moments, 0)
    assert set(fold) == set(range(FOLDS))
    assert all(
        len(set(fold[blocks(moments, "day") == day])) == 1 for day in np.unique(blocks(moments, "day"))
    )


@pytest.mark.parametrize("moments", [None, hours(24 * 7 * 40)])
def test_of_very_many_rows_whole_weeks_are_left_out(moments, monkeypatch):
    monkeypatch.setattr(folds, "MOST_ROWS", 2000)
    fold = fold_of(24 * 7 * 40, moments, 0)
    assert 1700 <= (fold >= 0).sum() <= 2000
    if moments is not None:
        weeks = blocks(moments, "week")
        assert all(len(set(fold[weeks == one] >= 0)) == 1 for one in np.unique(weeks))


@pytest.mark.parametrize(
    ("moments", "groups"),
    [(hours(20), None), (None, np.zeros(20)), (hours(20 * 9)[::9], np.array(["a"] * 20))],
)
def test_one_day_or_group_is_parted_by_rows(moments, groups):
    fold = fold_of(20, moments, 0, groups)
    assert np.bincount(fold).tolist() == [4] * FOLDS
    assert folds.undivided(moments, groups) == ("day" if groups is None else "group")
    assert folds.undivided(hours(25), None) is None
