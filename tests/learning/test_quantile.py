"""A model of a quantile: what its estimator is told, and what it has to beat."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

from mlctl.domain.errors import SpecInvalid, UsageError
from mlctl.domain.metric import Terms
from mlctl.domain.spec import ModelSpec
from mlctl.domain.spec_reader import read_spec
from mlctl.learning.aims import aimed, check_aim
from mlctl.learning.baseline import baseline_answers, baseline_name
from mlctl.learning.estimator import make_estimator
from mlctl.statistics.metrics import value

KNOWN = {
    "sklearn.ensemble:HistGradientBoostingRegressor": HistGradientBoostingRegressor,
    "sklearn.ensemble:GradientBoostingRegressor": GradientBoostingRegressor,
    "sklearn.linear_model:QuantileRegressor": QuantileRegressor,
    "lightgbm:LGBMRegressor": LGBMRegressor,
    "xgboost:XGBRegressor": XGBRegressor,
}


def spec(**over):
    return ModelSpec(data="rides", target="y", task="quantile", quantile=0.8, **over)


@pytest.mark.parametrize("path", KNOWN)
def test_the_quantile_is_said_once_and_the_estimator_answers_it(path, tmp_path):
    """On rows without any feature that tells, the answers lie near the quantile of the target."""
    params = {"alpha": 0.0} if path.endswith("QuantileRegressor") else {}
    made = make_estimator(spec(estimator=path, params=params), tmp_path, "regression", seed=0)
    random = np.random.default_rng(0)
    target = random.exponential(size=2000)
    answered = made.fit(random.integers(0, 2, (2000, 1)).astype(float), target).predict([[0.0], [1.0]])
    assert np.quantile(target, 0.75) < answered.mean() < np.quantile(target, 0.85)


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("sklearn.ensemble:HistGradientBoostingRegressor", {"quantile": 0.5}, "write quantile = 0.8"),
        ("sklearn.ensemble:HistGradientBoostingRegressor", {"loss": "poisson"}, 'write loss = "quantile"'),
        ("sklearn.ensemble:GradientBoostingRegressor", {"alpha": 0.9}, "write alpha = 0.8"),
        (
            "sklearn.linear_model:QuantileRegressor",
            {"quantile": 0.79},
            "quantile = 0.79 of QuantileRegressor",
        ),
        ("lightgbm:LGBMRegressor", {"objective": "l2"}, 'write objective = "quantile"'),
        ("xgboost:XGBRegressor", {"quantile_alpha": [0.1, 0.8]}, "write quantile_alpha = 0.8"),
    ],
)
def test_an_estimator_that_aims_elsewhere_is_refused(path, params, said, tmp_path):
    with pytest.raises(UsageError, match=r"does not aim at quantile = 0.8") as caught:
        make_estimator(spec(estimator=path, params=params), tmp_path, "regression", seed=0)
    assert said in caught.value.message


def test_what_is_built_is_looked_into_and_nothing_is_set():
    off = HistGradientBoostingRegressor(loss="quantile", quantile=0.1)
    for outer in (make_pipeline(StandardScaler(), off), GridSearchCV(off, {})):
        with pytest.raises(UsageError, match=r"quantile = 0\.1"):
            check_aim(outer, 0.8)
        check_aim(outer, 0.1)
        check_aim(outer, None)
    check_aim(Ridge(), 0.8)  # nobody knows what somebody's own class aims at
    assert aimed("Ridge", {"alpha": 1}, 0.8) == {"alpha": 1}
    assert aimed("HistGradientBoostingRegressor", {}, None) == {}


def test_the_baseline_is_the_quantile_of_what_was_learnt_and_nothing_constant_beats_it():
    random = np.random.default_rng(1)
    learnt, weights = random.exponential(size=401), random.random(401)
    assert baseline_name(spec(estimator="a:B"), "regression") == "quantile"
    terms = Terms(quantile=0.8)

    def loss(number):
        found = baseline_answers("mean", np.array([number]), learnt, (), weights=weights, terms=terms)
        return value("pinball", found)

    best = baseline_answers(
        "quantile", learnt, learnt, (), learnt_weights=weights, weights=weights, terms=terms
    )
    for number in np.linspace(0, learnt.max(), 200):
        assert value("pinball", best) <= loss(number) + 1e-12
    assert abs(value("coverage", best)) < 0.01


SPEC = """\
spec = 1
[project]
name = "small"
[data.rides]
path = "rides.csv"
[model.demand]
data = "rides"
target = "y"
estimator = "a:B"
{task}
"""


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ('task = "quantile"', "needs to know which one: quantile = 0.9"),
        ("quantile = 0.9", 'quantile is for task = "quantile"'),
        ('task = "regression"\nquantile = 0.9', 'quantile is for task = "quantile"'),
        ('task = "quantile"\nquantile = 1.0', "quantile 1 must be above 0 and below 1"),
        ('task = "quantile"\nquantile = 0.9\nbaseline = "mean"', "use quantile"),
        ('baseline = "quantile"', "baseline 'quantile' is for task"),
        ('task = "quantile"\nquantile = 0.9\neval.metrics = ["mae"]', "'mae' does not fit task 'quantile'"),
        ('task = "regression"\neval.metrics = ["pinball"]', "'pinball' does not fit task 'regression'"),
        ('task = "quantile"\nquantile = 0.9\nsplit.by = "stratified"', "a regression has none"),
        ('task = "quantile"\nquantile = 0.9\nretrain.recalibrate.every = "1d"', "a quantile is none"),
    ],
)
def test_task_and_quantile_come_together(task, said):
    with pytest.raises(SpecInvalid) as caught:
        read_spec(SPEC.format(task=task), "mlctl.toml")
    assert said in caught.value.message


def test_the_named_metrics_fit_a_quantile_too():
    text = SPEC.format(task='task = "quantile"\nquantile = 0.9\neval.metrics = ["pinball", "pinball_90"]')
    assert read_spec(text, "mlctl.toml").model["demand"].quantile == 0.9
