import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlctl.statistics.tests import (
    benjamini_hochberg,
    chi_square,
    kolmogorov_smirnov,
)


@pytest.fixture(scope="module")
def golden():
    """The samples on which Evidently 0.7.23 and NannyML 0.13.1 were run for their published values."""
    random = np.random.default_rng(7)
    sample = {"ref": random.normal(0, 1, 2000), "cur": random.normal(0.3, 1.2, 1500)}
    sample["cr"] = random.choice(list("abcd"), 2000, p=[0.4, 0.3, 0.2, 0.1])
    sample["cc"] = random.choice(list("abcd"), 1500, p=[0.3, 0.3, 0.2, 0.2])
    assert sample["ref"].sum() == pytest.approx(-79.90707075726635, abs=1e-9)
    return sample


def test_kolmogorov_smirnov_has_the_statistic_of_nannyml_and_the_p_value_of_evidently(golden):
    statistic, p_value = kolmogorov_smirnov(golden["ref"], golden["cur"])
    assert statistic == pytest.approx(0.158166666666667, abs=1e-12)
    assert p_value == pytest.approx(3.648495485548e-19, rel=1e-9)


def test_chi_square_has_the_contingency_value_of_nannyml(golden):
    statistic, p_value = chi_square(golden["cr"], golden["cc"])
    assert statistic == pytest.approx(121.801576448360, rel=1e-12)
    table = [[(golden[name] == value).sum() for value in "abcd"] for name in ("cr", "cc")]
    assert p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)


@pytest.mark.parametrize("sizes", [(1, 1), (1, 7), (5, 9), (300, 40), (1999, 168), (500, 500)])
def test_kolmogorov_smirnov_is_exact_for_up_to_2000_rows(sizes):
    random = np.random.default_rng(3)
    first, second = random.normal(0, 1, sizes[0]), random.normal(0.1, 1, sizes[1])
    expected = stats.ks_2samp(first, second, method="exact")
    assert kolmogorov_smirnov(first, second) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


@pytest.mark.parametrize("sizes", [(2500, 168), (4000, 2100), (8645, 60)])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
def test_beyond_that_the_p_value_is_within_a_tenth_of_the_exact_one(sizes, shift):
    random = np.random.default_rng(3)
    first, second = random.normal(0, 1, sizes[0]), random.normal(shift, 1, sizes[1])
    expected = stats.ks_2samp(first, second, method="exact")
    found = kolmogorov_smirnov(first, second)
    assert found[0] == pytest.approx(expected.statistic, abs=1e-12)
    if expected.pvalue > 1e-8:
        assert found[1] == pytest.approx(expected.pvalue, rel=0.1)
    else:
        assert found[1] < 1e-7


@pytest.mark.filterwarnings("ignore:ks_2samp")
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 5), min_size=1, max_size=12)
)
def test_ties_are_handled_as_scipy_handles_them(first, second):
    one, two = np.array(first, dtype=float), np.array(second, dtype=float)
    expected = stats.ks_2samp(one, two, method="exact")
    # where rounding takes scipy's exact p-value over 1 it warns and gives its approximation, a little under 1
    assert kolmogorov_smirnov(one, two) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-4)


def test_a_single_rare_value_does_not_make_a_large_chi_square():
    many = np.array(["a"] * 5000 + ["b"] * 5000 + [f"rare{i}" for i in range(30)])
    week = np.array(["a"] * 80 + ["b"] * 80 + ["rare1", "new1", "new2"])
    unpooled = stats.chi2_contingency(
        [[(side == value).sum() for value in np.unique(np.r_[many, week])] for side in (many, week)],
        correction=False,
    )
    assert unpooled.pvalue < 1e-6
    assert chi_square(many, week)[1] > 1e-6


def test_chi_square_of_one_common_value_is_zero():
    assert chi_square(np.array(["a", "a"]), np.array(["a"])) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_benjamini_hochberg_gives_the_numbers_of_scipy(p_values):
    expected = stats.false_discovery_control(p_values, method="bh") if p_values else []
    np.testing.assert_allclose(benjamini_hochberg(p_values), expected, rtol=1e-12, atol=1e-300)
