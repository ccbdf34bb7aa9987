"""The cheapest threshold, and where it comes from: rows that are learnt from, each answered out of fold."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.domain.errors import SpecInvalid, TrainingFailed
from mlctl.domain.spec import CostSpec, EvalSpec, ModelSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.learning.fit import Source, fit, problem_of
from mlctl.learning.thresholds import cheapest_threshold


def paid(threshold, score, positive, weights, costs):
    called = score >= threshold
    return np.average(costs[0] * (called & ~positive) + costs[1] * (~called & positive), weights=weights)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=200, deadline=None)
def test_no_threshold_is_cheaper(seed):
    random = np.random.default_rng(seed)
    rows = int(random.integers(1, 40))
    score = random.choice([0.0, 0.2, 0.2000001, 0.5, 0.9, 1.0], rows)
    positive = random.random(rows) < score
    weights = random.integers(0, 3, rows).astype(float) + 0.001
    costs = (float(random.uniform(0.1, 9)), float(random.uniform(0.1, 9)))
    found = cheapest_threshold(score, positive, weights, costs, folds=5)
    assert found.cost == pytest.approx(paid(found.threshold, score, positive, weights, costs))
    assert found.formula_cost == pytest.approx(paid(found.formula, score, positive, weights, costs))
    for other in np.r_[np.linspace(0, 1.001, 60), score, np.nextafter(score, 2)]:
        assert found.cost <= paid(other, score, positive, weights, costs) + 1e-9


def test_where_several_are_as_cheap_the_one_by_the_formula_is_taken():
    score, positive = np.array([0.1, 0.3, 0.6, 0.9]), np.array([False, False, True, True])
    found = cheapest_threshold(score, positive, None, (1.0, 1.0), folds=5)
    assert (found.cost, found.formula, found.threshold) == (0.0, 0.5, pytest.approx(0.45))


def overconfident(rows, seed):
    """Two columns ten times over: a naive model takes them for twenty witnesses."""
    random = np.random.default_rng(seed)
    late = random.random(rows) < 0.3
    x = random.normal(size=(rows, 2)) + late[:, None] * 0.8
    columns = {f"x{copy}_{at}": x[:, at] for copy in range(10) for at in range(2)}
    return pa.table({**columns, "late": np.where(late, "yes", "no")})


def fitted(root, rows, **costs):
    spec = ModelSpec(
        data="loans",
        target="late",
        positive="yes",
        estimator="sklearn.naive_bayes:GaussianNB",
        eval=EvalSpec(costs=CostSpec(false_positive=1, false_negative=8, **costs)),
    )
    source = Source(label="loans@1", root=root, key=(), time=(), context=())
    return fit(rows, problem_of(rows, spec, source))


def test_it_is_searched_on_the_rows_that_are_learnt_from_and_never_on_answers_to_what_was_learnt(tmp_path):
    rows = overconfident(1000, 0)
    found = fitted(tmp_path, rows, threshold="searched")
    how = found.searched
    assert (how.rows, how.folds, how.formula) == (1000, 5, pytest.approx(1 / 9))
    assert found.signature.threshold == how.threshold
    assert found.signature.costs == (1.0, 8.0)
    assert how.cost < how.formula_cost
    assert fitted(tmp_path, rows, threshold="searched").searched == how  # for a seed it is the same again
    plain = fitted(tmp_path, rows)
    assert (plain.signature.threshold, plain.searched) == (pytest.approx(1 / 9), None)


def test_answers_to_what_was_learnt_would_be_sure_of_themselves(tmp_path):
    """A tree knows its own rows by heart: only out of fold is it seen that its certainty is worth little."""
    random = np.random.default_rng(3)
    rows = pa.table({"x": random.normal(size=600), "late": random.choice(["no", "yes"], 600)})
    spec = ModelSpec(
        data="loans",
        target="late",
        positive="yes",
        estimator="sklearn.tree:DecisionTreeClassifier",
        eval=EvalSpec(costs=CostSpec(false_negative=3, threshold="searched")),
    )
    source = Source(label="loans@1", root=tmp_path, key=(), time=(), context=())
    found = fit(rows, problem_of(rows, spec, source)).searched
    assert found.cost > 0.4  # noise: calling everybody costs the share of the others, about 0.5
    assert found.threshold < 0.01  # and that is what is chosen


def test_a_model_without_probabilities_is_refused(tmp_path):
    rows = overconfident(100, 0)
    spec = ModelSpec(
        data="loans",
        target="late",
        estimator="sklearn.svm:LinearSVC",
        eval=EvalSpec(costs=CostSpec(threshold="searched")),
    )
    source = Source(label="loans@1", root=tmp_path, key=(), time=(), context=())
    with pytest.raises(TrainingFailed, match="needs probabilities"):
        fit(rows, problem_of(rows, spec, source))


def test_parts_without_the_other_class_are_told(tmp_path):
    rows = overconfident(100, 0)
    one = pa.array(["yes" if n == 7 else "no" for n in range(100)])
    with pytest.raises(TrainingFailed, match="the threshold cannot be searched for"):
        fitted(tmp_path, rows.drop_columns(["late"]).append_column("late", one), threshold="searched")


SPEC = """\
spec = 1
[project]
name = "small"
[data.loans]
path = "loans.csv"
[model.risk]
data = "loans"
target = "late"
estimator = "a:B"
baseline = "prior"
[model.risk.eval]
metrics = ["roc_auc", "cost"]
{more}
"""


def test_the_metric_needs_costs_to_count_by():
    with pytest.raises(SpecInvalid, match=r"metric 'cost' needs eval\.costs"):
        read_spec(SPEC.format(more=""), "mlctl.toml")
    with pytest.raises(SpecInvalid, match="'search' is unknown"):
        read_spec(SPEC.format(more='costs = { threshold = "search" }'), "mlctl.toml")
    spec = read_spec(SPEC.format(more='costs = { false_negative = 5, threshold = "searched" }'), "mlctl.toml")
    assert spec.model["risk"].eval.costs.threshold == "searched"
