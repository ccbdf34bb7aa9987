"""Columns that give the answer away are found, and honest strong ones are not."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.learning.giveaway import giveaways

few = settings(max_examples=30, deadline=None)
ROWS = 1200


def told(columns, classes=()):
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    test = np.random.default_rng(12345).random(table.num_rows) < 0.3
    names = [name for name in columns if name != "y"]
    return {one.columns: one.text for one in giveaways(table, ~test, test, names, "y", classes)}


@few
@given(
    st.integers(0, 999),
    st.sampled_from([lambda y: y, lambda y: -3 * y + 7, np.exp, np.cbrt, lambda y: np.round(y, 2)]),
)
def test_a_number_from_which_the_target_is_read_off_is_found(seed, how):
    random = np.random.default_rng(seed)
    y = random.normal(size=ROWS)
    found = told({"y": y, "leak": how(y), "honest": y + 0.3 * random.normal(size=ROWS)})
    assert list(found) == [("leak",)]
    assert "leak gives y away" in found["leak",]


@few
@given(st.integers(0, 999), st.floats(0.1, 2.0))
def test_a_strong_feature_is_honest(seed, noise):
    """A feature that explains up to 99 % of the target."""
    random = np.random.default_rng(seed)
    x = random.normal(size=ROWS)
    wave = np.sin(3 * x)
    y = x + wave + noise * random.normal(size=ROWS)
    assert not told({"y": y, "x": x, "wave": wave, "kind": np.where(x > 0, "a", "b"), "n": np.arange(ROWS)})


@few
@given(st.integers(0, 999), st.integers(2, 4), st.integers(0, 3))
def test_a_few_columns_that_add_up_to_the_target_are_found_together(seed, parts, others):
    random = np.random.default_rng(seed)
    whole = {f"part{n}": random.poisson(20 + n, ROWS) for n in range(parts)}
    honest = {f"other{n}": random.normal(size=ROWS) for n in range(others)}
    found = told({"y": np.sum(list(whole.values()), axis=0), **whole, **honest})
    assert list(found) == [tuple(whole)]
    assert found[tuple(whole)] == f"y = {' + '.join(whole)} in every held-out row"


def test_a_product_is_found():
    random = np.random.default_rng(0)
    price, count = random.random(ROWS) + 1, random.poisson(9, ROWS) + 1
    found = told({"y": price * count, "price": price, "count": count, "other": random.random(ROWS)})
    assert found == {("price", "count"): "y = price * count in every held-out row"}


@few
@given(st.integers(0, 999), st.integers(2, 40))
def test_a_category_that_determines_a_number_is_found(seed, values):
    random = np.random.default_rng(seed)
    kind = random.integers(0, values, ROWS)
    level = random.permutation(values) * 3.5
    found = told({"y": level[kind], "kind": [f"k{n}" for n in kind], "other": random.random(ROWS)})
    assert list(found) == [("kind",)]


@few
@given(st.integers(0, 999), st.sampled_from([0.5, 0.1, 0.02]))
def test_a_column_that_tells_the_class_is_found_and_one_that_nearly_does_is_not(seed, share):
    random = np.random.default_rng(seed)
    positive = random.random(4000) < share
    nearly = positive ^ (random.random(4000) < 0.01)
    columns = {
        "y": np.where(positive, "yes", "no"),
        "code": np.where(positive, "A", np.where(random.random(4000) < 0.5, "B", "C")),
        "score": random.random(4000) + 2.0 * positive,
        "nearly": nearly,
        "text": [f"message {n}" for n in range(4000)],
    }
    assert set(told(columns, ("no", "yes"))) == {("code",), ("score",)}


@pytest.mark.parametrize("rows", [2, 40, 100])
def test_few_rows_and_one_value_say_nothing(rows):
    constant = np.ones(rows)
    assert told({"y": constant, "x": np.arange(rows)}) == {}


def test_missing_values_are_no_answer():
    random = np.random.default_rng(0)
    y = random.normal(size=ROWS)
    half = [value if n % 2 else None for n, value in enumerate(y)]
    empty = pa.array([None] * ROWS, pa.float64())
    assert told({"y": y, "half": half, "empty": empty}) == {}
