import math
from datetime import date

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mlctl.domain.profile import ColumnProfile, Profile
from mlctl.domain.records import decode, encode
from mlctl.tabular.profile import QUANTILES, profile_of


def column(values, type_=None) -> ColumnProfile:
    return profile_of(pa.table({"x": pa.array(values, type_)})).columns[0]


@given(st.lists(st.none() | st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1, max_size=50))
def test_numbers_are_summarised_as_numpy_does(values) -> None:
    found = column(values, pa.float64())
    present = np.array([value for value in values if value is not None and not math.isnan(value)])
    assert (found.count, found.missing) == (len(values), len(values) - len(present))
    assert found.distinct == len(np.unique(present))
    if len(present):
        np.testing.assert_allclose(found.quantiles, np.quantile(present, QUANTILES), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            (found.mean, found.std), (present.mean(), present.std()), rtol=1e-9, atol=1e-6
        )
        assert (found.minimum, found.maximum) == (present.min(), present.max())
        assert sum(found.counts) == len(present)
        assert len(found.edges) == len(found.counts) + 1


def test_the_histogram_counts_as_numpy_does() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    found = column(values)
    counts, edges = np.histogram(values, bins=20)
    np.testing.assert_allclose(found.edges, edges)
    assert list(found.counts) == counts.tolist()


def test_texts_and_booleans_show_their_most_frequent_values() -> None:
    assert column(["a", "b", "a", None]).top == (("a", 2), ("b", 1))
    assert column([True, False, True]).top == (("true", 2), ("false", 1))
    assert column([3, 1, 3]).top == (("3", 2), ("1", 1))
    assert column(list(range(100))).top == ()


def test_times_show_their_range() -> None:
    found = column([date(2012, 1, 2), None, date(2011, 1, 1)])
    assert (found.minimum, found.maximum, found.distinct, found.missing) == ("2011-01-01", "2012-01-02", 2, 1)


def test_infinities_do_not_spoil_the_summary_or_its_stored_form() -> None:
    table = pa.table(
        {"x": [1.0, math.inf, -math.inf, 3.0], "none": pa.array([None] * 4, pa.float64()), "one": [5] * 4}
    )
    profile = profile_of(table)
    assert (profile.columns[0].minimum, profile.columns[0].maximum, profile.columns[0].mean) == (
        1.0,
        3.0,
        2.0,
    )
    assert (profile.columns[1].missing, profile.columns[1].mean) == (4, None)
    assert profile.columns[2].counts == (4,)
    assert decode(encode(profile), Profile) == profile


def test_an_empty_table_has_a_profile() -> None:
    assert profile_of(pa.table({"x": pa.array([], pa.int64()), "s": pa.array([], pa.string())})).rows == 0
