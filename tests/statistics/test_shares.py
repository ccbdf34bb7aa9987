"""Shares of a difference: exact ones add up, others are the mean of first and last."""

from itertools import combinations

import pytest

from mlctl.statistics.shares import effects, wanted


def values_of(count, value):
    """Of all subsets."""
    return {
        frozenset(some): value(set(some))
        for size in range(count + 1)
        for some in combinations(range(count), size)
    }


def test_what_adds_up_is_told_as_it_is():
    found, exact = effects(3, values_of(3, lambda some: sum(10**one for one in some)))
    assert exact
    assert [(one.first, one.last, one.share) for one in found] == [
        (1, 1, pytest.approx(1)),
        (10, 10, pytest.approx(10)),
        (100, 100, pytest.approx(100)),
    ]


def test_two_that_only_work_together_share_alike():
    found, exact = effects(3, values_of(3, lambda some: 6.0 if {0, 1} <= some else 0.0))
    assert exact
    assert [one.share for one in found] == [pytest.approx(3), pytest.approx(3), pytest.approx(0)]
    assert (found[0].first, found[0].last) == (0, 6)


def test_the_glove_game_of_three():
    def value(some):
        return 1.0 if 2 in some and some & {0, 1} else 0.0  # one right glove, two left ones

    found, _ = effects(3, values_of(3, value))
    assert [one.share for one in found] == [pytest.approx(1 / 6), pytest.approx(1 / 6), pytest.approx(4 / 6)]


def test_without_all_subsets_it_is_the_mean_of_first_and_last():
    asked = {frozenset(), frozenset(range(5)), *wanted(5, 20)}
    assert len(asked) == 2 + 10
    all_of_them = values_of(5, lambda some: len(some) + (4.0 if {0, 1} <= some else 0.0))
    found, exact = effects(5, {subset: all_of_them[subset] for subset in asked})
    assert not exact
    assert [one.share for one in found] == [3, 3, 1, 1, 1]
    del asked
    alone, _ = effects(2, {frozenset(): 0.0, frozenset({0, 1}): 5.0, frozenset({0}): 2.0})
    assert [(one.first, one.last, one.share) for one in alone] == [(2, None, 2), (None, 3, 3)]
    assert effects(1, {frozenset(): 0.0})[0][0].share is None


def test_up_to_four_all_subsets_are_asked_for_if_there_are_fits_enough():
    assert len(list(wanted(4, 14))) == 14
    assert len(list(wanted(4, 13))) == 8
    assert list(wanted(1, 20)) == []
    assert [len(one) for one in wanted(3, 20)] == [1, 1, 1, 2, 2, 2]
