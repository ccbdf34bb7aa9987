import numpy as np
import pytest
from lightgbm import LGBMRegressor
from sklearn.ensemble import RandomForestRegressor
from xgboost import XGBRegressor

from mlctl.learning.steady import begin, seeded


class Plain:
    """An estimator of one's own, of no library's kind."""

    def __init__(self, random_state=None):
        self.random_state = random_state


def test_every_library_is_given_the_seed_where_nobody_has_set_one():
    for made in (LGBMRegressor(), XGBRegressor(), RandomForestRegressor(), Plain()):
        assert seeded(made, {}, 7).random_state == 7
    for made in (LGBMRegressor(random_state=3), XGBRegressor(random_state=3), Plain(random_state=3)):
        assert seeded(made, {"random_state": 3}, 7).random_state == 3
    assert seeded(Plain(), {"random_state": None}, 7).random_state is None


def test_lightgbm_is_told_to_be_deterministic_unless_the_spec_says_else():
    assert seeded(LGBMRegressor(), {}, 7).get_params()["deterministic"] is True
    given = {"deterministic": False, "force_row_wise": True}
    known = seeded(LGBMRegressor(**given), given, 7).get_params()
    assert known["deterministic"] is False
    assert "force_col_wise" not in known


def test_few_rows_are_learnt_by_one_thread_unless_the_spec_says_else():
    for kind in (LGBMRegressor, XGBRegressor):
        few, many, said = kind(), kind(), kind(n_jobs=2)
        begin(few, 7, few=True)
        begin(many, 7, few=False)
        begin(said, 7, few=True)
        assert (few.n_jobs, many.n_jobs, said.n_jobs) == (1, None, 2)
    forest = RandomForestRegressor()
    begin(forest, 7, few=True)
    assert forest.n_jobs is None


@pytest.mark.parametrize("kind", [LGBMRegressor, XGBRegressor])
def test_fits_with_other_numbers_of_threads_are_equal(kind):
    random = np.random.default_rng(3)
    matrix = random.normal(size=(4000, 6))
    target = matrix[:, 0] + random.normal(size=4000)
    answers = []
    for jobs in (1, 2, 3):
        made = seeded(kind(n_estimators=20, subsample=0.8, subsample_freq=1, n_jobs=jobs), {}, 7)
        answers.append(made.fit(matrix, target).predict(matrix))
    assert np.array_equal(answers[0], answers[1])
    assert np.array_equal(answers[0], answers[2])
