import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from mlctl.builtin.flavors.sklearn import SklearnFlavor
from mlctl.contracts.registry import load, names
from mlctl.testing.flavor_checks import check_flavor

REGRESSIONS = [
    HistGradientBoostingRegressor(max_iter=20),
    HistGradientBoostingRegressor(max_iter=20, loss="poisson"),
    HistGradientBoostingRegressor(max_iter=20, loss="absolute_error"),
    GradientBoostingRegressor(n_estimators=10),
    RandomForestRegressor(n_estimators=10, n_jobs=2),
    DecisionTreeRegressor(),
    LinearRegression(),
    Ridge(),
    PoissonRegressor(),
    KNeighborsRegressor(algorithm="brute"),
    make_pipeline(StandardScaler(), Ridge()),
]
CLASSIFIERS = [
    HistGradientBoostingClassifier(max_iter=10),
    RandomForestClassifier(n_estimators=10, n_jobs=2),
    ExtraTreesClassifier(n_estimators=10),
    LogisticRegression(max_iter=1000),
]


def rows(classes=0, missing=False):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(240, 5))
    signal = np.exp(matrix[:, 0] / 2) + matrix[:, 1] ** 2
    if missing:
        matrix[random.random(matrix.shape) < 0.1] = np.nan
    target = (
        signal
        if not classes
        else np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))
    )
    return matrix, target


def said(estimator):
    return "-".join(str(estimator).split())[:40]


@pytest.mark.parametrize("estimator", REGRESSIONS, ids=said)
def test_the_shipped_flavor_keeps_the_contract_for_regressions(estimator):
    matrix, target = rows()
    check_flavor(SklearnFlavor(), estimator.fit(matrix, target), matrix, "regression")


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=said)
def test_the_shipped_flavor_keeps_the_contract_for_classes(estimator, classes):
    matrix, target = rows(classes)
    task = "binary" if classes == 2 else "multiclass"
    check_flavor(SklearnFlavor(), estimator.fit(matrix, target), matrix, task, classes)


def test_boosting_keeps_the_contract_where_values_are_missing():
    matrix, target = rows(missing=True)
    estimator = HistGradientBoostingRegressor(max_iter=20).fit(matrix, target)
    check_flavor(SklearnFlavor(), estimator, matrix, "regression")


def test_the_shipped_flavor_is_found_by_entry_point_under_its_own_name():
    assert "sklearn" in names("flavors")
    assert load("flavors", "sklearn").name == "sklearn"


class Broken(SklearnFlavor):
    """A flavor with one promise broken; the checks must say so."""

    def __init__(self, change):
        self._change = change

    def load(self, folder, options):
        return self._change(super().load(folder, options))


class Off:
    """A predictor that answers wrongly in one way."""

    def __init__(self, inner, change):
        self._inner = inner
        self._change = change

    def predict(self, matrix):
        return self._change(self._inner.predict(matrix))

    def probabilities(self, matrix):
        return self._inner.probabilities(matrix)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda output: output + 1e-9, "differently"),
        (lambda output: output.astype(np.float32), "float32"),
        (lambda output: output[:, None], "shape"),
        (lambda output: output + (len(output) == 3), "alone"),
    ],
)
def test_a_flavor_that_breaks_a_promise_is_told_which(change, complaint):
    matrix, target = rows()
    estimator = Ridge().fit(matrix, target)
    with pytest.raises(AssertionError, match=complaint):
        check_flavor(Broken(lambda inner: Off(inner, change)), estimator, matrix, "regression")
