"""Laws of the ways to split and of their folds, each on tables that hypothesis makes."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.domain.errors import TrainingFailed
from mlctl.domain.spec import ModelSpec, SplitSpec
from mlctl.learning.split import split_rows, splits_of

HOUR = np.timedelta64(3_600_000, "ms")
START = np.datetime64("2012-01-01", "ms")


def table_of(rows, classes=3, groups=7, seed=0):
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "id": random.permutation(rows * 3)[:rows],
            "who": random.integers(0, groups, rows),
            "label": [f"c{n}" for n in np.minimum(random.geometric(0.5, rows), classes)],
        }
    )


def made(table, by, folds=1, seed=0, moments=None, target="label", **over):
    spec = ModelSpec(data="d", target=target, seed=seed, split=SplitSpec(by=by, folds=folds, **over))
    return splits_of(table, spec, moments=moments, key=("id",), window=None)


def or_none(function, *args, **kwargs):
    """A side that would be empty is refused, and there is nothing to say of it."""
    try:
        return function(*args, **kwargs)
    except TrainingFailed as error:
        if "is empty" not in error.message:
            raise
        return None


@given(
    st.integers(10, 400),
    st.integers(2, 6),
    st.sampled_from(["random", "stratified", "group"]),
    st.integers(0, 9),
)
def test_folds_hold_out_every_row_at_most_once_and_learn_from_all_others(rows, folds, by, seed):
    share = f"{int(1000 / folds) / 10}%"
    column = {"column": "who"} if by == "group" else {}
    splits = or_none(made, table_of(rows, seed=seed), by, folds, seed, test=share, **column)
    if splits is None:
        return
    assert len(splits) == folds
    held = np.sum([split.test for split in splits], axis=0)
    assert held.max() == 1
    for split in splits:
        assert np.array_equal(split.train, ~split.test)


@given(st.integers(10, 400), st.sampled_from([2, 4, 5, 10]), st.integers(0, 9))
def test_folds_that_divide_the_rows_hold_out_every_row_once(rows, folds, seed):
    for by in ("random", "stratified"):
        splits = or_none(made, table_of(rows, seed=seed), by, folds, seed, test=f"{100 // folds}%")
        if splits is not None:
            assert (np.sum([split.test for split in splits], axis=0) == 1).all()


@given(st.integers(20, 400), st.integers(1, 5), st.sampled_from(["random", "stratified"]))
def test_folds_do_not_change_the_version_that_is_learnt(rows, folds, by):
    table = table_of(rows)
    alone = or_none(made, table, by, test="15%")
    splits = or_none(made, table, by, folds, test="15%")
    if splits is not None and alone is not None:
        assert np.array_equal(splits[-1].test, alone[-1].test)


@given(st.integers(5, 500), st.integers(1, 9), st.integers(1, 99), st.integers(0, 9))
def test_stratified_keeps_the_share_of_every_class_to_half_a_row(rows, classes, percent, seed):
    table = table_of(rows, classes, seed=seed)
    splits = or_none(made, table, "stratified", seed=seed, test=f"{percent}%")
    if splits is None:
        return
    labels = np.array(table.column("label"))
    for label in np.unique(labels):
        own = labels == label
        assert abs(splits[0].test[own].sum() - own.sum() * percent / 100) <= 0.5 + 1e-9


@given(st.integers(20, 400), st.integers(2, 5), st.integers(0, 9))
def test_every_fold_has_its_share_of_every_class_to_a_row(rows, folds, seed):
    table = table_of(rows, seed=seed)
    part = int(1000 / folds) / 1000
    splits = or_none(made, table, "stratified", folds, seed, test=f"{part * 100:.1f}%")
    if splits is None:
        return
    labels = np.array(table.column("label"))
    for label in np.unique(labels):
        own = labels == label
        for split in splits:
            assert abs(split.test[own].sum() - own.sum() * part) <= 1 + 1e-9


@given(st.integers(30, 300), st.integers(0, 5))
def test_a_stratified_split_is_that_of_its_rows_and_seed_whatever_their_order(rows, seed):
    table = table_of(rows, seed=seed)
    order = np.random.default_rng(seed).permutation(rows)
    splits = or_none(made, table, "stratified", seed=seed, test="30%")
    if splits is not None:
        shuffled = made(table.take(pa.array(order)), "stratified", seed=seed, test="30%")
        assert np.array_equal(shuffled[0].test, splits[0].test[order])


def test_another_seed_stratifies_otherwise():
    table = table_of(300)
    one, other = made(table, "stratified", seed=1)[0], made(table, "stratified", seed=2)[0]
    assert not np.array_equal(one.test, other.test)


@given(st.integers(10, 300), st.integers(1, 40), st.integers(1, 5), st.integers(0, 9))
def test_no_row_of_a_group_is_on_both_sides_of_a_fold(rows, groups, folds, seed):
    table = table_of(rows, groups=groups, seed=seed)
    splits = or_none(made, table, "group", folds, seed, column="who", test=f"{100 // (folds + 1)}%")
    who = np.array(table.column("who"))
    for split in splits or ():
        assert not set(who[split.train]) & set(who[split.test])


def test_every_fold_by_group_has_as_many_groups():
    table = table_of(2000, groups=50)
    who = np.array(table.column("who"))
    for split in made(table, "group", 5, column="who", test="20%"):
        assert len(set(who[split.test])) == 10


moments_of = st.lists(st.integers(0, 2000), min_size=5, max_size=300)


@settings(max_examples=200)
@given(
    moments_of,
    st.integers(1, 5),
    st.integers(0, 300),
    st.sampled_from(["10%", "16%", "24h", "100h", "2012-02-20", "2012-03-20"]),
)
def test_walking_forward_never_learns_from_what_is_not_older_than_the_embargo(hours, folds, embargo, test):
    moments = START + np.array(hours) * HOUR
    table = table_of(len(hours))
    splits = or_none(made, table, "time", folds, moments=moments, test=test, embargo=f"{embargo}h")
    for number, split in enumerate(splits or ()):
        first = moments[split.test].min()
        assert first >= split.cutoff
        assert (moments[split.train] < split.cutoff - embargo * HOUR).all()
        unused = ~split.train & ~split.test
        older = moments < split.cutoff
        assert (moments[unused & older] >= split.cutoff - embargo * HOUR).all(), "all that is older is learnt"
        if number:
            before = splits[number - 1]
            assert not (split.test & before.test).any()
            assert moments[before.test].max() < split.cutoff
            assert (split.train | ~before.train).all(), "the window of training rows only expands"


@given(moments_of, st.sampled_from(["10%", "24h", "2012-02-20"]))
def test_the_last_walk_forward_split_is_the_split_by_time(hours, test):
    moments = START + np.array(hours) * HOUR
    table = table_of(len(hours))
    splits = or_none(made, table, "time", 3, moments=moments, test=test)
    if splits is not None:
        spec = ModelSpec(data="d", target="label", split=SplitSpec(by="time", test=test))
        alone = split_rows(table, spec, moments=moments, key=("id",), window=None)
        assert np.array_equal(alone.test, splits[-1].test)
        assert np.array_equal(alone.train, splits[-1].train)


@pytest.mark.parametrize(
    ("by", "folds", "test", "most"), [("random", 10, "20%", "10%"), ("time", 5, "20%", "16.6%")]
)
def test_folds_that_cannot_be_say_what_can(by, folds, test, most):
    table = table_of(100)
    with pytest.raises(TrainingFailed, match=f"at most test = '{most}'"):
        made(table, by, folds, test=test, moments=START + np.arange(100) * HOUR)


def test_a_number_has_no_classes_to_stratify_by():
    with pytest.raises(TrainingFailed, match="is a number"):
        made(table_of(50), "stratified", target="id")


def test_a_fold_without_rows_is_named():
    with pytest.raises(TrainingFailed, match=r"test set of fold . of 5 is empty"):
        made(table_of(3), "random", 5, test="20%")
