import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mlctl.domain.metric import METRICS, NUMBERS, Terms
from mlctl.statistics.metrics import ORDERED, Answers, finish, ordered, row_statistics, value

TERMS = Terms(quantile=0.3, costs=(1.0, 5.0))


def regression(rows=300, seed=0):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 9, rows).astype(float)
    output = truth + random.normal(size=rows).round(1)
    return Answers(truth=truth, output=output, terms=TERMS)


def classes(count, rows=300, seed=0):
    random = np.random.default_rng(seed)
    truth = random.integers(0, count, rows)
    raw = random.random((rows, count)).round(2) + 0.01 + np.eye(count)[truth] * 0.4
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    return Answers(
        truth=truth,
        output=np.argmax(probabilities, axis=1),
        probabilities=probabilities,
        classes=count,
        positive=count - 1 if count == 2 else 1,
        terms=TERMS,
    )


SK_REGRESSION = {
    "mae": sk.mean_absolute_error,
    "rmse": sk.root_mean_squared_error,
    "r2": sk.r2_score,
    "medae": sk.median_absolute_error,
    "bias": lambda truth, output: np.mean(output - truth),
}
for level in (0.1, 0.5, 0.9):
    name = f"pinball_{round(100 * level)}"
    SK_REGRESSION[name] = partial(sk.mean_pinball_loss, alpha=level)
SK_BINARY = {
    "accuracy": lambda a: sk.accuracy_score(a.truth, a.output),
    "balanced_accuracy": lambda a: sk.balanced_accuracy_score(a.truth, a.output),
    "precision": lambda a: sk.precision_score(a.truth, a.output),
    "recall": lambda a: sk.recall_score(a.truth, a.output),
    "f1": lambda a: sk.f1_score(a.truth, a.output),
    "macro_f1": lambda a: sk.f1_score(a.truth, a.output, average="macro"),
    "roc_auc": lambda a: sk.roc_auc_score(a.truth, a.probabilities[:, 1]),
    "pr_auc": lambda a: sk.average_precision_score(a.truth, a.probabilities[:, 1]),
    "log_loss": lambda a: sk.log_loss(a.truth, a.probabilities),
    "brier": lambda a: sk.brier_score_loss(a.truth, a.probabilities[:, 1]),
}


@pytest.mark.parametrize("metric", SK_REGRESSION)
def test_regression_metrics_equal_scikit_learns(metric):
    answers = regression()
    assert value(metric, answers) == pytest.approx(
        SK_REGRESSION[metric](answers.truth, answers.output), rel=1e-12
    )


def test_mape_leaves_out_rows_whose_truth_is_zero():
    answers = Answers(truth=np.array([0.0, 2.0, 4.0]), output=np.array([9.0, 1.0, 5.0]))
    assert value("mape", answers) == pytest.approx((0.5 + 0.25) / 2)


@pytest.mark.parametrize("metric", SK_BINARY)
def test_binary_metrics_equal_scikit_learns_ties_included(metric):
    answers = classes(2)
    assert value(metric, answers) == pytest.approx(SK_BINARY[metric](answers), rel=1e-12)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1", "log_loss"])
def test_multiclass_metrics_equal_scikit_learns(metric):
    answers = classes(4)
    assert value(metric, answers) == pytest.approx(SK_BINARY[metric](answers), rel=1e-12)


def test_every_metric_of_the_table_has_a_formula_and_every_formula_is_in_the_table():
    for name, metric in METRICS.items():
        for task in metric.tasks:
            answers = regression() if task in NUMBERS else classes(2 if task == "binary" else 3)
            assert value(name, answers) is not None


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(set(METRICS) - {"ece"})))
@settings(max_examples=150, deadline=None)
def test_a_weight_of_two_is_the_same_as_the_row_twice(seed, metric):
    random = np.random.default_rng(seed)
    answers = regression(40, seed) if METRICS[metric].tasks[0] in NUMBERS else classes(2, 40, seed)
    weights = random.integers(0, 3, 40)
    again = np.repeat(np.arange(40), weights)
    if not len(again):
        return
    repeated = Answers(
        truth=answers.truth[again],
        output=answers.output[again],
        terms=answers.terms,
        probabilities=None if answers.probabilities is None else answers.probabilities[again],
        classes=answers.classes,
        positive=answers.positive,
    )
    everything = np.ones(40, dtype=bool)
    if metric in ORDERED:
        weighted = ordered(metric, answers, everything)(weights[None, :].astype(float))[0]
    else:
        weighted = finish(metric, weights @ row_statistics(metric, answers))
    expected = value(metric, repeated)
    if expected is None:
        assert not np.isfinite(weighted)
    else:
        assert float(weighted) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_metric_of_no_rows_is_undefined_and_says_nothing(metric):
    answers = regression() if METRICS[metric].tasks[0] in NUMBERS else classes(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert value(metric, answers, np.zeros(300, dtype=bool)) is None


def test_metrics_that_need_probabilities_are_undefined_without_them():
    bare = Answers(truth=np.array([0, 1, 1]), output=np.array([0, 1, 0]), classes=2)
    assert [value(metric, bare) for metric in ("roc_auc", "pr_auc", "log_loss", "brier")] == [None] * 4


def test_the_spec_s_quantile_is_judged_as_the_named_one_is():
    answers = regression()
    at = Answers(truth=answers.truth, output=answers.output, terms=Terms(quantile=0.9))
    assert value("pinball", at) == value("pinball_90", answers)
    assert value("coverage", at) == value("coverage_90", answers)
    bare = Answers(truth=answers.truth, output=answers.output)
    assert value("pinball", bare) is None
    assert value("coverage", bare) is None


def test_the_cost_is_what_a_hand_counts():
    truth, called = np.array([0, 0, 1, 1, 1]), np.array([1, 0, 0, 0, 1])
    asked = Answers(truth=truth, output=called, classes=2, terms=Terms(costs=(2.0, 7.0)))
    assert value("cost", asked) == pytest.approx((2.0 + 7.0 + 7.0) / 5)
    assert value("cost", Answers(truth=truth, output=called, classes=2)) is None


def test_precision_is_undefined_where_nothing_was_called_positive():
    never = Answers(truth=np.array([0, 1, 1]), output=np.zeros(3, dtype=int), classes=2)
    assert value("precision", never) is None
    assert value("recall", never) == 0


def test_r2_is_undefined_where_the_truth_does_not_vary():
    assert value("r2", Answers(truth=np.full(5, 3.0), output=np.arange(5.0))) is None


def test_a_truth_that_is_no_class_of_the_model_costs_the_most_that_log_loss_knows():
    chances = np.array([[0.0, 1.0], [0.0, 1.0]])
    known = Answers(truth=np.array([1, 1]), output=np.array([1, 1]), probabilities=chances, classes=2)
    strange = Answers(truth=np.array([1, -1]), output=np.array([1, 1]), probabilities=chances, classes=2)
    assert value("log_loss", known) == pytest.approx(0, abs=1e-12)
    assert value("log_loss", strange) > 15


def test_coverage_is_the_share_at_or_below_the_prediction_less_the_quantile():
    answers = Answers(truth=np.arange(10.0), output=np.full(10, 7.0))
    assert value("coverage_90", answers) == pytest.approx(0.8 - 0.9)
    assert value("coverage_75", answers) == pytest.approx(0.05)


def test_the_right_quantile_has_the_least_pinball_loss():
    truth = np.random.default_rng(0).exponential(size=5000)
    losses = {
        share: value("pinball_90", Answers(truth=truth, output=np.full(5000, np.quantile(truth, share))))
        for share in (0.5, 0.8, 0.9, 0.97)
    }
    assert min(losses, key=losses.get) == 0.9
