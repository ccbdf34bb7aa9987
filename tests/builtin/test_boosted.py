import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from mlctl.builtin.flavors.boosted import BoostedPredictor, is_plain_boosting


def rows(count=600):
    random = np.random.default_rng(2)
    matrix = random.normal(size=(count, 4))
    matrix[random.random(matrix.shape) < 0.05] = np.nan
    return matrix, np.nan_to_num(matrix[:, 0]) ** 2 + np.nan_to_num(matrix[:, 1])


MATRIX, TARGET = rows()
REGRESSION = HistGradientBoostingRegressor(max_iter=30).fit(MATRIX, TARGET)
ANSWERS = BoostedPredictor(REGRESSION, "regression", 0)


@given(arrays(np.float64, st.tuples(st.integers(1, 20), st.just(4)), elements=st.floats(width=64)))
@settings(max_examples=200, deadline=None)
def test_any_row_gets_scikit_learns_answer_bit_for_bit_however_few_rows_there_are(matrix):
    assert np.array_equal(ANSWERS.predict(matrix), REGRESSION.predict(matrix))


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "gamma"])
def test_every_loss_gives_scikit_learns_answers(loss):
    target = TARGET if loss in {"squared_error", "absolute_error"} else np.abs(TARGET) + 0.1
    estimator = HistGradientBoostingRegressor(max_iter=10, loss=loss).fit(MATRIX, target)
    predictor = BoostedPredictor(estimator, "regression", 0)
    assert np.array_equal(predictor.predict(MATRIX), estimator.predict(MATRIX))
    assert np.array_equal(predictor.predict(MATRIX[:3]), estimator.predict(MATRIX[:3]))


@pytest.mark.parametrize("classes", [2, 4])
def test_classes_and_probabilities_are_scikit_learns(classes):
    target = np.digitize(TARGET, np.quantile(TARGET, np.linspace(0, 1, classes + 1)[1:-1]))
    estimator = HistGradientBoostingClassifier(max_iter=8).fit(MATRIX, target)
    predictor = BoostedPredictor(estimator, "multiclass", classes)
    for part in (MATRIX, MATRIX[:1], MATRIX[:7]):
        assert np.array_equal(predictor.predict(part), estimator.predict(part))
        assert np.array_equal(predictor.probabilities(part), estimator.predict_proba(part))


def test_a_class_that_the_estimator_never_saw_has_probability_zero():
    target = np.where(TARGET > 0, 2, 0)
    predictor = BoostedPredictor(
        HistGradientBoostingClassifier(max_iter=3).fit(MATRIX, target), "multiclass", 3
    )
    assert set(predictor.predict(MATRIX)) <= {0, 2}
    assert np.all(predictor.probabilities(MATRIX)[:, 1] == 0)


def test_no_rows_get_no_answers():
    assert ANSWERS.predict(np.empty((0, 4))).shape == (0,)


def test_a_model_that_splits_on_categories_is_left_to_scikit_learn():
    matrix = np.nan_to_num(MATRIX)
    matrix[:, 3] = np.arange(len(matrix)) % 5
    estimator = HistGradientBoostingRegressor(max_iter=3, categorical_features=[3]).fit(matrix, TARGET)
    assert not is_plain_boosting(estimator)
    assert is_plain_boosting(REGRESSION)
