"""Weak slices: a planted one is found first, and chance finds none more often than stated."""

import numpy as np
import pyarrow as pa
import pytest

from mlctl.learning.slice_search import loss_of, search_slices
from mlctl.statistics.metrics import Answers
from mlctl.tabular.expression import mask

COLUMNS = ["a", "kind of day", "c", "d"]


def table(random, rows):
    return pa.table(
        {
            "a": random.normal(size=rows),
            "kind of day": random.choice(["it's x", "y", "z"], rows),
            "c": pa.array(random.normal(size=rows), mask=random.random(rows) < 0.2),
            "d": random.integers(0, 5, rows),
        }
    )


def errors(size):
    return Answers(truth=np.zeros(len(size)), output=size)


@pytest.mark.parametrize(
    "where", ["\"kind of day\" = 'it''s x' and d = 2", "d = 4", "c is null", "a >= 0.6 and c is null"]
)
def test_a_planted_slice_is_found_first_and_its_text_selects_it(where):
    random = np.random.default_rng(1)
    rows = table(random, 3000)
    bad = mask(rows, where)
    found = search_slices(rows, COLUMNS, errors(random.normal(size=3000) * (1 + bad)), np.arange(3000), 0)
    first = found.found[0]
    chosen = mask(rows, first.where)
    assert (chosen & bad).sum() > 0.8 * (chosen | bad).sum()
    assert first.rows == chosen.sum()
    assert first.p <= 0.05
    assert first.value > 1.3 * first.overall
    assert len(found.found) <= 2  # what only shares rows with it is not told again
    assert found.looked_at > 50
    assert found.loss == "absolute error"


@pytest.mark.slow
def test_chance_finds_a_slice_no_more_often_than_stated():
    found = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        rows = table(random, 800)
        answers = errors(random.normal(size=800) * np.exp(random.normal(size=800) / 2))
        found += bool(search_slices(rows, COLUMNS, answers, np.arange(800), seed).found)
    assert found <= 20  # 5 % of 200 is 10; more than 20 happen in fewer than one of 500 tries


def test_a_bad_week_is_no_bad_slice():
    random = np.random.default_rng(3)
    week = np.arange(960) // 24
    rows = table(random, 960).append_column("season", pa.array(np.where(week // 4 % 2, "cold", "warm")))
    noise = random.normal(size=960) * np.where(week == 7, 6.0, 1.0)
    by_rows = search_slices(rows, ["season"], errors(noise), np.arange(960), 0)
    assert [one.where for one in by_rows.found] == ["season = 'cold'"]
    assert not search_slices(rows, ["season"], errors(noise), week, 0).found


def test_with_too_few_units_or_without_differences_nothing_is_looked_for():
    random = np.random.default_rng(0)
    rows = table(random, 500)
    assert (
        search_slices(rows, COLUMNS, errors(random.normal(size=500)), np.arange(500) // 100, 0).looked_at == 0
    )
    assert not search_slices(rows, COLUMNS, errors(np.ones(500)), np.arange(500), 0).found
    assert search_slices(rows.slice(0, 20), COLUMNS, errors(np.arange(20.0)), np.arange(20), 0).found == ()


def test_many_rows_and_columns_are_looked_at_within_bounds():
    random = np.random.default_rng(0)
    rows = pa.table({f"f{number}": random.normal(size=25_000) for number in range(30)})
    bad = rows.column("f3").to_numpy() > 1
    answers = errors(random.normal(size=25_000) * (1 + bad))
    found = search_slices(rows, rows.column_names, answers, np.arange(25_000), 0)
    assert found.looked_at <= 1000
    assert found.found[0].where.startswith("f3 >=")
    assert found == search_slices(rows, rows.column_names, answers, np.arange(25_000), 0)


def test_the_loss_of_classes_is_the_log_loss_or_the_share_of_wrong_answers():
    truth = np.array([0, 1, 1])
    sure = Answers(truth=truth, output=np.array([0, 1, 0]), classes=2)
    assert loss_of(sure)[0].tolist() == [0.0, 0.0, 1.0]
    chances = Answers(
        truth=truth, output=sure.output, probabilities=np.array([[1, 0], [0.5, 0.5], [0.9, 0.1]]), classes=2
    )
    assert loss_of(chances)[0] == pytest.approx([0, np.log(2), np.log(10)])
