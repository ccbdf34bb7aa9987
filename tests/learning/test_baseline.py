import numpy as np
import pytest

from mlctl.domain.spec import ModelSpec
from mlctl.learning.baseline import baseline_answers, baseline_name


def test_the_default_is_the_mean_or_the_frequencies():
    spec = ModelSpec(data="d", target="y")
    assert baseline_name(spec, "regression") == "mean"
    assert baseline_name(spec, "binary") == "prior"
    assert baseline_name(ModelSpec(data="d", target="y", baseline="median"), "regression") == "median"


def test_a_regression_gets_one_number():
    learnt, truth = np.array([1.0, 2.0, 9.0]), np.zeros(2)
    assert baseline_answers("mean", learnt, truth, ()).output.tolist() == [4.0, 4.0]
    assert baseline_answers("median", learnt, truth, ()).output.tolist() == [2.0, 2.0]


def test_classes_get_the_most_frequent_with_certainty_or_with_the_frequencies():
    learnt, truth = np.array([0, 1, 1, 1]), np.array([0, 1])
    prior = baseline_answers("prior", learnt, truth, ("a", "b", "c"))
    assert prior.output.tolist() == [1, 1]
    assert prior.probabilities.tolist() == [[0.25, 0.75, 0.0]] * 2
    certain = baseline_answers("majority", learnt, truth, ("a", "b", "c"))
    assert certain.probabilities[0] == pytest.approx([0, 1, 0])
