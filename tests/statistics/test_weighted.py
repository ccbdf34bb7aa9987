"""Weighted rows: numbers are scikit-learn's with `sample_weight`, and those of rows that are there twice."""

from functools import partial

import numpy as np
import pytest
from sklearn import metrics as sk

from mlctl.domain.metric import METRICS, Terms
from mlctl.statistics.bootstrap import Cell, bootstrap
from mlctl.statistics.curves import band, confusion, equal_mass, precision_recall, roc
from mlctl.statistics.metrics import Answers, effective_rows, value
from mlctl.statistics.quantile import quantile
from mlctl.statistics.resample import unit_codes

ROWS = 400
TERMS = Terms(quantile=0.9, costs=(1.0, 5.0))


def weights(seed=1, rows=ROWS):
    drawn = np.random.default_rng(seed).gamma(0.7, 1000.0, rows)
    drawn[:20] = 0.0
    return drawn


def numbers(own):
    random = np.random.default_rng(0)
    truth = random.integers(0, 9, len(own)).astype(float)
    return Answers(truth=truth, output=truth + random.normal(size=len(own)), weights=own, terms=TERMS)


def classes(count, own):
    random = np.random.default_rng(3)
    truth = random.integers(0, count, len(own))
    raw = random.random((len(own), count)).round(2) + 0.01 + np.eye(count)[truth] * 0.4
    chances = raw / raw.sum(axis=1, keepdims=True)
    return Answers(
        truth=truth,
        output=np.argmax(chances, axis=1),
        probabilities=chances,
        classes=count,
        positive=count - 1 if count == 2 else 1,
        weights=own,
        terms=TERMS,
    )


NUMBERS = {
    "mae": sk.mean_absolute_error,
    "rmse": sk.root_mean_squared_error,
    "r2": sk.r2_score,
    "medae": sk.median_absolute_error,
    "bias": lambda truth, output, sample_weight: np.average(output - truth, weights=sample_weight),
    "mape": lambda truth, output, sample_weight: sk.mean_absolute_percentage_error(
        truth[truth != 0], output[truth != 0], sample_weight=sample_weight[truth != 0]
    ),
    "coverage_90": lambda truth, output, sample_weight: (
        np.average(truth <= output, weights=sample_weight) - 0.9
    ),
    "pinball": partial(sk.mean_pinball_loss, alpha=0.9),
    "pinball_90": partial(sk.mean_pinball_loss, alpha=0.9),
    "pinball_10": partial(sk.mean_pinball_loss, alpha=0.1),
}
OUTPUT = {
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "macro_f1": partial(sk.f1_score, average="macro"),
}
SCORE = {
    "roc_auc": sk.roc_auc_score,
    "pr_auc": sk.average_precision_score,
    "brier": sk.brier_score_loss,
}


@pytest.mark.parametrize("metric", NUMBERS)
def test_metrics_of_numbers_equal_scikit_learns(metric):
    answers = numbers(weights())
    known = NUMBERS[metric](answers.truth, answers.output, sample_weight=answers.weights)
    assert value(metric, answers) == pytest.approx(known, rel=1e-12, abs=1e-12)
    assert value(metric, answers) != pytest.approx(value(metric, numbers(np.ones(ROWS))), rel=1e-4)


@pytest.mark.parametrize("metric", [*OUTPUT, *SCORE, "log_loss"])
def test_metrics_of_two_classes_equal_scikit_learns(metric):
    answers = classes(2, weights())
    asked = answers.output if metric in OUTPUT else answers.score()
    known = {**OUTPUT, **SCORE, "log_loss": sk.log_loss}[metric]
    expected = known(answers.truth, asked, sample_weight=answers.weights)
    assert value(metric, answers) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_metrics_of_many_classes_equal_scikit_learns(metric):
    answers = classes(4, weights())
    expected = OUTPUT[metric](answers.truth, answers.output, sample_weight=answers.weights)
    assert value(metric, answers) == pytest.approx(expected, rel=1e-12)
    told = sk.log_loss(answers.truth, answers.probabilities, sample_weight=answers.weights)
    assert value("log_loss", answers) == pytest.approx(told, rel=1e-12)


def test_the_cost_is_the_weighted_mean_of_what_is_paid():
    answers = classes(2, weights())
    paid = np.where(answers.output > answers.truth, 1.0, 5.0) * (answers.output != answers.truth)
    assert value("cost", answers) == pytest.approx(np.average(paid, weights=answers.weights), rel=1e-12)


def again(answers, times):
    rows = np.repeat(np.arange(len(times)), times)
    chances = answers.probabilities
    return rows, Answers(
        truth=answers.truth[rows],
        output=answers.output[rows],
        probabilities=None if chances is None else chances[rows],
        classes=answers.classes,
        positive=answers.positive,
        terms=answers.terms,
    )


@pytest.mark.parametrize("metric", sorted(set(METRICS) - {"ece"}))
def test_whole_weights_are_rows_that_are_there_again_in_value_and_in_every_draw(metric):
    times = np.random.default_rng(2).integers(0, 4, ROWS)
    task = METRICS[metric].tasks[0]
    whole = times.astype(float)
    answers = classes(2, whole) if task == "binary" else numbers(whole)
    rows, repeated = again(answers, times)
    weeks = np.arange(ROWS) % 25  # what is drawn: a row and its repetitions come together
    mask = np.arange(ROWS) % 3 > 0
    (own,) = bootstrap([Cell(metric=metric, answers=answers, mask=mask)], weeks, 25, samples=40, seed=5)
    cell = Cell(metric=metric, answers=repeated, mask=mask[rows])
    (known,) = bootstrap([cell], weeks[rows], 25, samples=40, seed=5)
    assert own.value == pytest.approx(known.value, rel=1e-9, abs=1e-9)
    assert np.allclose(own.samples, known.samples, rtol=1e-9, atol=1e-9)
    assert own.units == known.units


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_the_unit_of_weights_does_not_matter(metric):
    make = (lambda own: classes(2, own)) if METRICS[metric].tasks[0] == "binary" else numbers
    one, other = make(weights()), make(weights() * 1e6)
    assert value(metric, one) == pytest.approx(value(metric, other), rel=1e-9, abs=1e-12)
    equal, none = make(np.full(ROWS, 7.0)), make(np.ones(ROWS))
    bare = Answers(
        truth=none.truth,
        output=none.output,
        probabilities=none.probabilities,
        classes=none.classes,
        positive=none.positive,
        terms=none.terms,
    )
    assert value(metric, equal) == pytest.approx(value(metric, bare), rel=1e-9, abs=1e-12)


def test_what_chance_adds_to_the_calibration_error_grows_as_weights_leave_fewer_rows():
    # a calibrated model: what is left after the correction is near nothing, however uneven the weights
    random = np.random.default_rng(8)
    left = []
    for _ in range(60):
        score = random.random(2000)
        truth = (random.random(2000) < score).astype(int)
        own = random.gamma(0.2, 1.0, 2000)
        chances = np.c_[1 - score, score]
        answers = Answers(truth=truth, output=truth, probabilities=chances, classes=2, weights=own)
        left.append(value("ece", answers))
    assert np.mean(left) < 0.045  # 0.038; 0.059 where 2,000 rows are taken for as many of equal weight


def test_zero_weight_is_as_if_the_row_were_not_there():
    own = weights()
    kept = own > 0
    answers, fewer = classes(2, own), None
    fewer = Answers(
        truth=answers.truth[kept],
        output=answers.output[kept],
        probabilities=answers.probabilities[kept],
        classes=2,
        weights=own[kept],
    )
    for metric in ("roc_auc", "pr_auc", "log_loss", "balanced_accuracy"):
        assert value(metric, answers) == pytest.approx(value(metric, fewer), rel=1e-12)


def test_the_curves_are_scikit_learns():
    answers = classes(2, weights(rows=150))
    truth, score, own = answers.truth.astype(float), answers.score(), answers.weights
    fpr, tpr = roc(truth, score, own)
    kept = own > 0
    known = sk.roc_curve(truth[kept], score[kept], sample_weight=own[kept], drop_intermediate=False)
    assert np.allclose(fpr, known[0])
    assert np.allclose(tpr, known[1])
    recall, precision = precision_recall(truth, score, own)
    known = sk.precision_recall_curve(truth[kept], score[kept], sample_weight=own[kept])
    assert np.allclose(recall[::-1], known[1][:-1])
    assert np.allclose(precision[::-1], known[0][:-1])
    table = confusion(answers.truth, answers.output, 2, own)
    assert np.allclose(table, sk.confusion_matrix(answers.truth, answers.output, sample_weight=own))


def test_a_band_of_whole_weights_is_that_of_rows_that_are_there_again():
    random = np.random.default_rng(4)
    x, times = random.random(300), random.integers(0, 4, 300)
    y, weeks = x + random.normal(size=300), np.arange(300) % 20
    bins = equal_mass(x, 5)
    found = band(x, y, bins, unit_codes(weeks), times.astype(float))
    rows = np.repeat(np.arange(300), times)
    known = band(x[rows], y[rows], bins[rows], unit_codes(weeks[rows]))
    for name in ("x", "mean", "low", "high", "mass"):
        assert np.allclose(getattr(found, name), getattr(known, name)), name


@pytest.mark.parametrize("level", [0.1, 0.25, 0.5, 0.9])
def test_a_quantile_of_weights_is_that_of_numbers_that_are_there_again(level):
    random = np.random.default_rng(6)
    values, times = random.normal(size=101).round(2), random.integers(0, 5, 101)
    repeated = np.repeat(values, times)
    known = np.quantile(repeated, level, method="averaged_inverted_cdf")
    assert quantile(values, level, times.astype(float)) == pytest.approx(known)
    assert quantile(repeated, level) == pytest.approx(known)
    if level == 0.5:
        assert quantile(repeated, level) == np.median(repeated)


def test_equal_rows_are_worth_themselves_and_one_heavy_row_is_worth_one():
    assert effective_rows(np.full(50, 3.0)) == pytest.approx(50)
    assert effective_rows(np.r_[1e9, np.ones(49)]) == pytest.approx(1, abs=1e-6)
    assert effective_rows(np.zeros(3)) == 0
