import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from xgboost import XGBClassifier, XGBRegressor, XGBRFRegressor

from mlctl.contracts.registry import load, names
from mlctl.testing.flavor_checks import check_flavor

GAIN = {"n_estimators": 12, "random_state": 1, "n_jobs": 1, "verbosity": -1}
EXTREME = {"n_estimators": 12, "random_state": 1, "n_jobs": 1}
REGRESSIONS = {
    "lightgbm": [
        LGBMRegressor(**GAIN),
        LGBMRegressor(objective="poisson", **GAIN),
        LGBMRegressor(objective="quantile", alpha=0.3, **GAIN),
        LGBMRegressor(boosting_type="dart", **GAIN),
        LGBMRegressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, **GAIN),
        LGBMRegressor(min_child_samples=1000, **GAIN),
        LGBMRegressor(monotone_constraints=[1, 0, 0, 0, 0], **GAIN),
    ],
    "xgboost": [
        XGBRegressor(**EXTREME),
        XGBRegressor(tree_method="exact", gamma=5, **EXTREME),
        XGBRegressor(booster="dart", rate_drop=0.3, **EXTREME),
        XGBRegressor(objective="count:poisson", **EXTREME),
        XGBRegressor(grow_policy="lossguide", max_leaves=5, **EXTREME),
        XGBRegressor(num_parallel_tree=3, subsample=0.5, **EXTREME),
        XGBRFRegressor(**EXTREME),
    ],
}
CLASSIFIERS = {"lightgbm": LGBMClassifier(**GAIN), "xgboost": XGBClassifier(**EXTREME)}


def rows(classes=0):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(240, 5))
    matrix[:, 3] = random.integers(0, 6, 240)
    signal = np.exp(matrix[:, 0] / 2) + matrix[:, 1] ** 2 + 2 * (matrix[:, 3] % 2)
    matrix[::7, 1] = np.nan
    if not classes:
        return matrix, signal
    return matrix, np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))


@pytest.mark.parametrize(
    ("name", "estimator"), [(name, one) for name, many in REGRESSIONS.items() for one in many]
)
def test_the_flavors_of_other_libraries_keep_the_contract_for_regressions(name, estimator):
    matrix, target = rows()
    check_flavor(load("flavors", name), estimator.fit(matrix, target), matrix, "regression")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_flavors_of_other_libraries_keep_the_contract_for_classes(name, classes):
    matrix, target = rows(classes)
    task = "binary" if classes == 2 else "multiclass"
    check_flavor(load("flavors", name), clone(CLASSIFIERS[name]).fit(matrix, target), matrix, task, classes)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_that_has_not_seen_every_class_gives_the_others_no_chance(name, tmp_path):
    matrix, target = rows(3)
    seen = target != 1
    flavor = load("flavors", name)
    flavor.save(
        clone(CLASSIFIERS[name]).fit(matrix[seen], np.unique(target[seen], return_inverse=True)[1]), tmp_path
    )
    (tmp_path / "classes.json").write_text("[0, 2]")
    predictor = flavor.load(tmp_path, {"task": "multiclass", "classes": 3})
    assert set(predictor.predict(matrix)) == {0, 2}
    chances = predictor.probabilities(matrix)
    assert chances.shape == (240, 3)
    assert not chances[:, 1].any()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_that_stopped_early_answers_by_its_best_round(name):
    matrix, target = rows(3)
    kind = type(CLASSIFIERS[name])
    estimator = kind(**({**GAIN, "verbosity": -1} if name == "lightgbm" else EXTREME), early_stopping_round=1)
    if name == "xgboost":
        estimator = kind(**EXTREME, early_stopping_rounds=1)
    estimator.set_params(n_estimators=40)
    options = {"verbose": False} if name == "xgboost" else {}
    estimator.fit(matrix[:120], target[:120], eval_set=[(matrix[120:], target[120:][::-1])], **options)
    check_flavor(load("flavors", name), estimator, matrix, "multiclass", 3)


def test_the_flavors_are_found_by_entry_point_under_their_own_names():
    for name in CLASSIFIERS:
        assert name in names("flavors")
        assert load("flavors", name).name == name
