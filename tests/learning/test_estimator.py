import sys

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from mlctl.domain.errors import NotInstalled, TrainingFailed, UsageError
from mlctl.domain.spec import ModelSpec
from mlctl.learning.estimator import make_estimator, parameters_of


def make(root, task="regression", seed=7, **over):
    return make_estimator(ModelSpec(data="rides", target="y", **over), root, task, seed)


def test_without_an_estimator_boosting_is_taken(tmp_path):
    assert isinstance(make(tmp_path), HistGradientBoostingRegressor)
    assert isinstance(make(tmp_path, "binary"), HistGradientBoostingClassifier)


def test_the_seed_goes_into_every_random_state_that_is_not_given(tmp_path):
    assert make(tmp_path).random_state == 7
    assert make(tmp_path, params={"random_state": 1}).random_state == 1


def test_parameters_are_handed_over_and_recorded(tmp_path):
    found = parameters_of(make(tmp_path, params={"max_iter": 3}))
    assert found["max_iter"] == 3
    assert found["random_state"] == 7


def test_an_unknown_parameter_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match=r"no parameter 'max_itre' \(did you mean 'max_iter'\?\)"):
        make(tmp_path, params={"max_itre": 3})


def test_an_estimator_may_come_from_the_users_project(tmp_path):
    (tmp_path / "ours_for_a_test.py").write_text(
        "from sklearn.linear_model import Ridge\n\n\nclass Ours(Ridge):\n    pass\n"
    )
    assert type(make(tmp_path, estimator="ours_for_a_test:Ours")).__name__ == "Ours"


def test_a_function_of_the_users_file_may_build_it(tmp_path):
    (tmp_path / "features.py").write_text(
        "from sklearn.linear_model import Lasso\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler\n\n\n"
        "def make(alpha=1.0):\n    return make_pipeline(StandardScaler(), Lasso(alpha=alpha))\n"
    )
    made = make(tmp_path, build="features.py:make", params={"alpha": 0.5})
    assert isinstance(made, Pipeline)
    assert made.steps[-1][1].alpha == 0.5
    assert made.steps[-1][1].random_state == 7


@pytest.mark.parametrize(
    ("over", "error", "complaint"),
    [
        ({"estimator": "no_such_package_here.x:Y"}, NotInstalled, "no module 'no_such_package_here'"),
        (
            {"estimator": "sklearn.ensemble:HistGradientBoostingRegresor"},
            UsageError,
            "HistGradientBoostingRegressor",
        ),
        ({"estimator": "math:sqrt", "params": {}}, TrainingFailed, "sqrt"),
        ({"estimator": "collections:OrderedDict"}, UsageError, "no fit and predict"),
        ({"build": "none.py:make"}, UsageError, "not a file"),
    ],
)
def test_what_can_not_be_made_says_why(over, error, complaint, tmp_path):
    with pytest.raises(error, match=complaint):
        make(tmp_path, **over)


def test_the_users_own_error_is_told_with_its_line(tmp_path):
    (tmp_path / "broken.py").write_text("def make():\n    return 1 / 0\n")
    with pytest.raises(TrainingFailed, match=r"broken.py, line 2\): ZeroDivisionError"):
        make(tmp_path, build="broken.py:make")


@pytest.mark.parametrize("module", ["lightgbm", "xgboost", "torch"])
def test_a_library_that_is_not_there_is_told_with_the_extra_that_brings_it(tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "net.py").write_text(f"import {module}\n\n\ndef make():\n    return None\n")
    for over in ({"estimator": f"{module}:Model"}, {"build": "net.py:make"}):
        with pytest.raises(NotInstalled, match=f"extra '{module}'") as caught:
            make(tmp_path, **over)
        assert caught.value.hints == (f"pip install 'mlctl[{module}]'",)
