"""Differences between recipes, where a metric is undefined on some draws or on all."""

import warnings

import numpy as np
import pytest

from mlctl.learning.luck import Repeated, of_recipes
from mlctl.statistics.bootstrap import Sampled


def sampled(value, samples):
    return Sampled(value=value, samples=np.asarray(samples, dtype=np.float64), units=100)


def difference(own, other):
    sides = (Repeated(), Repeated())
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning of numpy's is one that nobody asked for
        return of_recipes("precision", own, other, sides)


def fits(center, undefined, seed=0):
    """Three fits of a recipe; of each the share of the draws on which the metric is undefined."""
    random = np.random.default_rng(seed)
    drawn = center + random.normal(0, 0.02, (3, 400)) + random.normal(0, 0.01, 400)
    for row, share in zip(drawn, undefined, strict=True):
        row[: int(400 * share)] = np.nan
    return [sampled(center + 0.001 * place, row) for place, row in enumerate(drawn)]


@pytest.mark.parametrize("undefined", [(0, 0, 0), (0.1, 0, 0), (1, 0, 0), (1, 1, 1)])
def test_draws_on_which_it_is_undefined_are_passed_over_without_a_warning(undefined):
    difference(fits(0.6, undefined), fits(0.5, (0, 0, 0), seed=1))
    difference(fits(0.5, (0, 0, 0)), fits(0.6, undefined, seed=1))


def test_what_is_known_everywhere_gives_an_interval_around_the_difference():
    found, _ = difference(fits(0.6, (0, 0, 0)), fits(0.5, (0, 0, 0), seed=1))
    assert found.low < found.difference < found.high
    assert found.difference == pytest.approx(0.1)
    assert found.low > 0
