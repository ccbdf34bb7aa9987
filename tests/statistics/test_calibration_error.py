"""The expected calibration error against an independent calculation, and what its numbers are worth."""

import numpy as np
import pytest
from scipy.stats import foldnorm

from mlctl.statistics.bootstrap import Cell, bootstrap
from mlctl.statistics.intervals import interval
from mlctl.statistics.metrics import Answers, ordered, value

BINS = 15


def two(score, truth):
    chances = np.column_stack([1 - score, score])
    return Answers(truth=truth, output=(score > 0.5).astype(int), probabilities=chances, classes=2)


def drawn(rows, seed, power=1.0):
    """Answers of which a share of score ** power comes true."""
    random = np.random.default_rng(seed)
    score = random.beta(0.6, 1.4, rows)
    return two(score, (random.random(rows) < score**power).astype(int))


def by_hand(given, came):
    """Sorted, cut into 15 equal parts, each gap less what chance adds to it by scipy's folded normal."""
    order = np.argsort(given)
    total = 0.0
    for part in np.array_split(order, BINS):
        share, gap = came[part].mean(), abs(given[part].mean() - came[part].mean())
        error = np.sqrt(share * (1 - share) / len(part))
        seen = foldnorm.mean(gap / error, scale=error) if error else gap
        total += len(part) * (gap - (seen - gap))
    return max(total / len(order), 0.0)


def plain(given, came):
    """Without the correction."""
    parts = np.array_split(np.argsort(given), BINS)
    return sum(len(part) * abs(given[part].mean() - came[part].mean()) for part in parts) / len(given)


@pytest.mark.parametrize("power", [0.7, 1.0, 1.5])
def test_of_two_classes_it_is_what_is_calculated_by_hand(power):
    answers = drawn(3000, 1, power)
    assert value("ece", answers) == pytest.approx(by_hand(answers.score(), answers.truth == 1), rel=1e-9)


def test_of_more_classes_it_is_that_of_the_answer():
    random = np.random.default_rng(4)
    chances = random.dirichlet(np.ones(4), 1500)
    truth = random.integers(0, 4, 1500)
    answers = Answers(truth=truth, output=chances.argmax(axis=1), probabilities=chances, classes=4)
    expected = by_hand(chances.max(axis=1), answers.output == truth)
    assert value("ece", answers) == pytest.approx(expected, rel=1e-9)
    assert expected > 0.2


def test_counts_as_weights_are_rows_repeated():
    answers = drawn(450, 3, 2.0)
    counts = np.random.default_rng(0).multinomial(450, np.ones(450) / 450)
    many = np.repeat(np.arange(450), counts)
    whole = ordered("ece", answers, np.ones(450, dtype=bool))
    edges = np.sort(answers.score())[np.arange(30, 450, 30)]
    bins = np.searchsorted(edges, answers.score(), side="right")[many]
    total = 0.0
    for one in range(BINS):
        part = many[bins == one]
        share, given = (answers.truth[part] == 1).mean(), answers.score()[part].mean()
        gap, error = abs(given - share), np.sqrt(share * (1 - share) / len(part))
        total += len(part) * (2 * gap - (foldnorm.mean(gap / error, scale=error) if error else gap))
    assert whole(counts[None, :].astype(float))[0] == pytest.approx(max(total / 450, 0.0), rel=1e-9)


def test_without_probabilities_or_rows_it_is_undefined():
    bare = Answers(truth=np.array([0, 1]), output=np.array([0, 1]), classes=2)
    assert value("ece", bare) is None
    assert value("ece", drawn(50, 0), np.zeros(50, dtype=bool)) is None


def test_a_calibrated_model_is_not_accused_of_its_few_rows():
    made = [drawn(600, seed) for seed in range(60)]
    found = np.mean([value("ece", answers) for answers in made])
    assert found < 0.65 * np.mean([plain(answers.score(), answers.truth) for answers in made])


def test_its_interval_holds_the_true_error():
    truth = float(np.mean([abs(s - s**1.6) for s in np.random.default_rng(0).beta(0.6, 1.4, 200_000)]))
    held = []
    for seed in range(60):
        answers = drawn(1200, seed, 1.6)
        mask = np.ones(1200, dtype=bool)
        cell = Cell(metric="ece", answers=answers, mask=mask)
        sampled = bootstrap([cell], np.arange(1200), 1200, samples=200, seed=seed)[0]
        low, high = interval(sampled.samples, sampled.units)
        assert low <= sampled.value <= high
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.85


def test_the_slope_of_truth_on_answers_is_that_of_least_squares():
    random = np.random.default_rng(0)
    output = random.normal(50, 10, 400)
    answers = Answers(truth=0.7 * output + random.normal(size=400), output=output)
    assert value("slope", answers) == pytest.approx(np.polyfit(output, answers.truth, 1)[0], rel=1e-9)
    assert value("slope", Answers(truth=output, output=np.ones(400))) is None
