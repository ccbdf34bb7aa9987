"""Rows on both sides, counted as a comparison of every pair would count them."""

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.learning.twins import row_hashes, twins

cells = st.tuples(
    st.sampled_from([0.0, -0.0, 1.5, None, 2.0**-60]),
    st.sampled_from([0, 1, 2**40, None]),
    st.sampled_from(["a", "b", "", None]),
    st.booleans(),
    st.sampled_from([1, 2]),
)
NAMES = ("number", "whole", "text", "flag")


def table_of(rows):
    columns = list(zip(*rows, strict=True))
    types = (pa.float64(), pa.int64(), pa.string(), pa.bool_(), pa.int64())
    arrays = [pa.array(values, type_) for values, type_ in zip(columns, types, strict=True)]
    return pa.table(arrays, names=[*NAMES, "y"])


@settings(max_examples=200, deadline=None)
@given(st.lists(cells, min_size=2, max_size=60), st.integers(0, 99))
def test_twins_are_counted_as_a_comparison_of_all_pairs_counts_them(rows, seed):
    table = table_of(rows)
    test = np.random.default_rng(seed).random(len(rows)) < 0.4
    test[0], test[-1] = True, False
    found = twins(table, ~test, test, NAMES, "y")
    learnt = {row[:4] for row, held in zip(rows, test, strict=True) if not held}
    whole = {row for row, held in zip(rows, test, strict=True) if not held}
    held = [row for row, is_held in zip(rows, test, strict=True) if is_held]
    assert found.of == len(held)
    assert found.rows == sum(row[:4] in learnt for row in held)
    assert found.answered == sum(row in whole for row in held)
    for first, second in found.pairs:
        assert not test[first]
        assert test[second]
        assert rows[first][:4] == rows[second][:4]


def test_a_million_different_rows_have_a_million_hashes():
    """Values as they come: small numbers, round numbers, times a minute apart."""
    rows = 1_000_000
    numbers = np.arange(rows)
    table = pa.table(
        {
            "tenth": (numbers % 1000) / 8.0,
            "whole": numbers // 1000,
            "when": pa.array(numbers // 1000 * 60_000, pa.timestamp("ms")),
        }
    )
    assert len(np.unique(row_hashes(table, table.column_names))) == rows


def test_rows_that_differ_in_one_cell_are_no_twins():
    table = pa.table({"a": [1.0, math.nextafter(1.0, 2)], "b": ["x", "x"], "y": [1, 1]})
    mask = np.array([True, False])
    assert twins(table, mask, ~mask, ("a", "b"), "y").rows == 0
