import numpy as np
import pytest

from mlctl.domain.metric import METRICS, NUMBERS, Terms
from mlctl.statistics.bootstrap import Cell, bootstrap
from mlctl.statistics.metrics import Answers, value
from mlctl.statistics.resample import draws

ROWS = 200
TERMS = Terms(quantile=0.3, costs=(1.0, 5.0))


def answers(seed, metric="mae"):
    random = np.random.default_rng(seed)
    if METRICS[metric].tasks[0] in NUMBERS:
        truth = np.random.default_rng(99).normal(size=ROWS)
        return Answers(truth=truth, output=truth + random.normal(size=ROWS), terms=TERMS)
    truth = np.random.default_rng(99).integers(0, 2, ROWS)
    score = np.clip(0.3 * truth + random.random(ROWS) * 0.7, 0, 1)
    return Answers(
        truth=truth,
        output=(score > 0.5).astype(int),
        probabilities=np.stack([1 - score, score], axis=1),
        classes=2,
        terms=TERMS,
    )


@pytest.mark.parametrize("metric", sorted(METRICS.keys() - {"ece"}))  # its samples are moved onto its value
def test_each_sample_is_the_metric_of_the_rows_it_drew(metric):
    found = answers(1, metric)
    weeks = np.arange(ROWS) // 10
    half = np.arange(ROWS) % 2 == 0
    sampled = bootstrap([Cell(metric=metric, answers=found, mask=half)], weeks, 20, samples=5, seed=3)[0]
    assert sampled.value == pytest.approx(value(metric, found, half))
    for counts, got in zip(np.concatenate(list(draws(20, 5, 3))), sampled.samples, strict=True):
        rows = np.repeat(np.arange(ROWS), counts[weeks].astype(int) * half)
        taken = Answers(
            truth=found.truth[rows],
            output=found.output[rows],
            probabilities=None if found.probabilities is None else found.probabilities[rows],
            classes=found.classes,
            terms=found.terms,
        )
        assert got == pytest.approx(value(metric, taken), rel=1e-9, abs=1e-9)


def test_two_models_that_answer_alike_differ_by_nothing_in_every_sample():
    same, other, mask = answers(1), answers(1), np.ones(ROWS, dtype=bool)
    cells = [Cell(metric="mae", answers=same, mask=mask), Cell(metric="mae", answers=other, mask=mask)]
    first, second = bootstrap(cells, np.arange(ROWS), ROWS, samples=50, seed=0)
    assert np.array_equal(first.samples, second.samples)


def test_units_of_a_cell_are_those_that_have_rows_in_it():
    mask = np.arange(ROWS) < 30
    cell = Cell(metric="mae", answers=answers(1), mask=mask)
    assert bootstrap([cell], np.arange(ROWS) // 10, 20, samples=5, seed=0)[0].units == 3


def test_blocks_give_wider_intervals_than_rows_where_errors_come_in_blocks():
    random = np.random.default_rng(0)
    weeks = np.arange(ROWS) // 10
    found = Answers(truth=np.zeros(ROWS), output=random.normal(size=20)[weeks])
    cell = Cell(metric="bias", answers=found, mask=np.ones(ROWS, dtype=bool))
    by_week = bootstrap([cell], weeks, 20, samples=400, seed=0)[0].samples.std()
    by_row = bootstrap([cell], np.arange(ROWS), ROWS, samples=400, seed=0)[0].samples.std()
    assert by_week > 2 * by_row
