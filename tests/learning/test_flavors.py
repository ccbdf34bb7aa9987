import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import Ridge

from mlctl.domain.errors import NotInstalled, Untrusted
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
