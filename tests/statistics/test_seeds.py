"""The error of the seed's luck: what it is, how it joins that of the rows, and that it holds for equals."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import ttest_ind

from mlctl.statistics.seeds import Fits, SeedError, consults_seed, seed_error, with_seeds

LEVELS = (0.005, 0.025, 0.5, 0.975, 0.995)


def test_without_rows_it_is_welchs_interval():
    own, other = [1.0, 1.4, 0.7, 1.2], [2.0, 2.9, 1.1]
    found = seed_error(Fits(values=own), Fits(values=other))
    welch = ttest_ind(own, other, equal_var=False)
    assert found.freedom == pytest.approx(welch.df)
    center = np.mean(own) - np.mean(other)
    interval = welch.confidence_interval(0.95)
    joined = with_seeds(center, (center,) * 5, LEVELS, found)
    assert joined[1] == pytest.approx(interval.low)
    assert joined[3] == pytest.approx(interval.high)


def test_without_luck_the_rows_stand():
    none = seed_error(Fits(values=[1.0], varies=False), Fits(values=[2.0], varies=False))
    assert none == SeedError(error=0.0, freedom=1.0, deviation=0.0)
    rows = (-3.0, -2.0, -1.0, 0.5, 1.0)
    assert with_seeds(-1.0, rows, LEVELS, none) == pytest.approx(rows)
    assert with_seeds(-1.0, (), LEVELS, none) == ()


def test_the_two_errors_add_as_squares():
    error = SeedError(error=4.0, freedom=1e9, deviation=4.0)
    joined = with_seeds(0.0, tuple(3.0 * ndtri(LEVELS)), LEVELS, error)
    assert joined == pytest.approx(tuple(5.0 * ndtri(LEVELS)))
    assert with_seeds(0.0, tuple(3.0 * ndtri(LEVELS)), LEVELS, error, kept=0.0) == pytest.approx(
        tuple(4.0 * ndtri(LEVELS))
    )


def test_a_side_with_one_fit_is_taken_to_vary_like_the_other():
    found = seed_error(Fits(values=[1.0, 2.0, 3.0]), Fits(values=[5.0]))
    assert found.assumed
    assert found.error == pytest.approx(np.sqrt(1 / 3 + 1))
    assert found.freedom == 2
    elsewhere = seed_error(Fits(values=[1.0, 2.0, 3.0]), Fits(values=[5.0], elsewhere=[0.0, 4.0]))
    assert not elsewhere.assumed
    assert elsewhere.error == pytest.approx(np.sqrt(1 / 3 + 8))


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (Fits(values=[1.0]), Fits(values=[2.0])),
        (Fits(values=[1.0], varies=False), Fits(values=[2.0])),
        (Fits(values=[1.0]), Fits(values=[2.0], varies=False)),
        (Fits(values=[1.0, 1.0], varies=False), Fits(values=[2.0])),
    ],
)
def test_what_nobody_has_repeated_is_not_known(own, other):
    assert seed_error(own, other) is None


@pytest.mark.parametrize(("own", "other"), [(2, 2), (3, 3), (5, 5), (5, 1), (2, 8)])
def test_between_equals_better_is_said_no_more_often_than_stated(own, other):
    random = np.random.default_rng(own * 10 + other)
    said, tries = 0, 4000
    for _ in range(tries):
        rows = random.normal()
        first, second = rows + 2 * random.normal(size=own), 2 * random.normal(size=other)
        center = first.mean() - second.mean()
        error = seed_error(Fits(values=first), Fits(values=second))
        said += with_seeds(center, tuple(center + ndtri(LEVELS)), LEVELS, error)[3] < 0
    assert said <= 133  # 2.5 % of 4,000 is 100; more than 133 happen in fewer than one of 1,000 tries


@pytest.mark.parametrize(
    ("estimator", "parameters", "rows", "asks"),
    [
        ("sklearn.linear_model:Ridge", {"alpha": 1.0, "solver": "auto", "random_state": 7}, 10, False),
        ("sklearn.linear_model:Ridge", {"alpha": 1.0, "solver": "sag", "random_state": 7}, 10, True),
        ("sklearn.neighbors:KNeighborsRegressor", {"n_neighbors": 5}, 10, False),
        ("sklearn.linear_model:Lasso", {"selection": "cyclic", "random_state": 7}, 10, False),
        ("sklearn.linear_model:Lasso", {"selection": "random", "random_state": 7}, 10, True),
        ("sklearn.ensemble:RandomForestClassifier", {"random_state": 7}, 10, True),
        ("sklearn.ensemble:HistGradientBoostingRegressor", {"random_state": 7}, 10_000, False),
        ("sklearn.ensemble:HistGradientBoostingRegressor", {"random_state": 7}, 10_001, True),
        (
            "sklearn.ensemble:HistGradientBoostingRegressor",
            {"random_state": 7, "early_stopping": False},
            200_000,
            False,
        ),
        (
            "sklearn.ensemble:HistGradientBoostingRegressor",
            {"random_state": 7, "max_features": 0.5},
            100,
            True,
        ),
        ("sklearn.pipeline:Pipeline", {"model__random_state": 7}, 10, True),
        ("build.py:make", {"alpha": 1.0}, 10, True),
        ("sklearn.linear_model:Ridge", {}, 10, True),
    ],
)
def test_which_recipes_ask_their_seed(estimator, parameters, rows, asks):
    assert consults_seed(estimator, parameters, rows) is asks


@pytest.mark.parametrize(
    ("estimator", "parameters", "rows"),
    [
        ("HistGradientBoostingRegressor", {}, 2_000),
        ("HistGradientBoostingRegressor", {"early_stopping": False}, 11_000),
    ],
)
def test_scikit_learn_agrees_that_they_do_not(estimator, parameters, rows):
    ensemble = pytest.importorskip("sklearn.ensemble")
    random = np.random.default_rng(0)
    features = random.normal(size=(rows, 4))
    truth = features[:, 0] + random.normal(size=rows)
    answers = [
        getattr(ensemble, estimator)(max_iter=5, random_state=seed, **parameters)
        .fit(features, truth)
        .predict(features)
        for seed in (1, 2)
    ]
    assert np.array_equal(*answers)
    known = {"random_state": 1, **getattr(ensemble, estimator)(**parameters).get_params()}
    assert not consults_seed(f"sklearn.ensemble:{estimator}", known, rows)
