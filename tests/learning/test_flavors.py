import msgspec
import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import Ridge

from mlctl.domain.errors import NotInstalled, PredictionFailed, TrainingFailed, Untrusted
from mlctl.domain.model import Signature
from mlctl.learning.flavors import flavor_for, saved

SIGNATURE = Signature(inputs=(), target="y", target_type="number", task="regression")


def rows():
    matrix = np.random.default_rng(3).normal(size=(60, 3))
    return matrix, matrix[:, 0]


class Doubled(Ridge):
    """Answers in another way than the class whose state it has."""

    def predict(self, matrix):
        return 2 * super().predict(matrix)


def test_a_model_goes_to_the_flavor_of_its_own_library():
    assert flavor_for(Ridge()).name == "sklearn"
    assert flavor_for(LGBMRegressor()).name == "lightgbm"


def test_a_class_derived_from_a_librarys_own_is_not_taken_for_it():
    assert flavor_for(Doubled().fit(*rows())).name == "python"


def test_a_model_that_answers_differently_when_it_is_read_back_is_refused():
    matrix, target = rows()
    estimator = LGBMRegressor(verbosity=-1).fit(matrix, target)
    assert saved(estimator, matrix, SIGNATURE)[0] == "lightgbm"
    estimator.predict = lambda rows: 2 * LGBMRegressor.predict(estimator, rows)
    with pytest.raises(Untrusted, match=r"LGBMRegressor.* does not answer as the one that was fitted"):
        saved(estimator, matrix, SIGNATURE)


def test_a_flavor_whose_library_is_not_there_is_passed_over(monkeypatch):
    monkeypatch.setattr("mlctl.contracts.registry.names", lambda _group: ("absent", "sklearn"))
    plain = __import__("mlctl.contracts.registry", fromlist=["load"]).load

    def load(group, name):
        if name == "absent":
            raise NotInstalled("not there")
        return plain(group, name)

    monkeypatch.setattr("mlctl.contracts.registry.load", load)
    assert flavor_for(Ridge()).name == "sklearn"


class Forgetful(Ridge):
    """Needs what is not kept: asks a model inside it for more than answers."""

    def fit(self, matrix, target):
        self.inner = Ridge().fit(matrix, target)
        return self

    def predict(self, matrix):
        return matrix @ self.inner.coef_


class Failing(Ridge):
    """Cannot say what it keeps."""

    def get_state(self):
        raise ValueError("no state today")

    def set_state(self, state):
        del state


def test_a_class_that_fails_when_it_is_stored_or_read_back_is_told_and_not_stored():
    matrix, target = rows()
    with pytest.raises(PredictionFailed, match=r"Forgetful.predict failed.*AttributeError.*coef_"):
        saved(Forgetful().fit(matrix, target), matrix, SIGNATURE)
    with pytest.raises(TrainingFailed, match=r"storing the model failed.*no state today"):
        saved(Failing().fit(matrix, target), matrix, SIGNATURE)


def test_probabilities_have_to_come_back_too():
    matrix, target = rows()
    signature = msgspec.structs.replace(SIGNATURE, task="binary", classes=("no", "yes"))
    estimator = LGBMClassifier(verbosity=-1, min_child_samples=5).fit(matrix, (target > 0).astype(int))
    assert saved(estimator, matrix, signature)[0] == "lightgbm"
    plain, fitted = estimator.predict_proba, estimator.predict(matrix)
    estimator.predict_proba = lambda rows: plain(rows)[:, ::-1]
    estimator.predict = lambda rows: fitted[: len(rows)]
    with pytest.raises(Untrusted, match="does not answer"):
        saved(estimator, matrix, signature)
