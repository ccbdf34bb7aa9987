"""Code that came with a model runs where it is the project's own, or after somebody has named it."""

import shutil

import pytest

from mlctl.domain.errors import Untrusted
from mlctl.domain.requests.predict import PredictRequest
from mlctl.domain.requests.reproduce import ReproduceRequest
from mlctl.domain.requests.show import ShowRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.evidence.trust import VARIABLE
from mlctl.verbs.predict import predict
from mlctl.verbs.reproduce import reproduce
from mlctl.verbs.show import show
from mlctl.verbs.train import train
from tests.verbs.learner import spec

LINE = """\
import numpy as np

from factor import FACTOR


class Line:
    def fit(self, matrix, target):
        self.weights = np.linalg.lstsq(np.c_[matrix, np.ones(len(matrix))], target, rcond=None)[0]
        return self

    def predict(self, matrix):
        return FACTOR * ((matrix * self.weights[:-1]).sum(axis=1) + self.weights[-1])
"""


@pytest.fixture
def own(learner):
    """A trained version of a class of the project's own."""
    learner.write("mlctl.toml", spec().replace('"sklearn.linear_model:Ridge"', '"line:Line"'))
    learner.write("line.py", LINE)
    learner.write("factor.py", "FACTOR = 1\n")
    train(learner.session(), TrainRequest())
    return learner


def elsewhere(project):
    """What a clone does not have: the word that this code was trained with here."""
    shutil.rmtree(project.session().repository.layout.own_code)


def asked(project, model="demand@1"):
    request = PredictRequest(model=model, input="data/rides.csv", output="out.csv")
    predict(project.session(), request)
    return (project.root / "out.csv").read_text()


def loading(project, model="demand@1"):
    return show(project.session(), ShowRequest(selector=model)).data.related["loading"]


def test_a_model_of_ones_own_class_answers_and_is_reproduced(own):
    assert asked(own).count("\n") == 401
    assert reproduce(own.session(), ReproduceRequest(selector="demand@1")).data.equal is True
    assert "trained here" in loading(own)
    assert "factor.py, line.py" in loading(own)


def test_code_that_has_changed_since_runs_as_it_was_where_it_was_trained(own):
    before = asked(own)
    own.write("factor.py", "FACTOR = 7\n")
    assert asked(own) == before


def test_code_from_elsewhere_runs_where_the_work_tree_holds_the_same(own):
    before = asked(own)
    elsewhere(own)
    assert asked(own) == before
    assert "as the work tree has it" in loading(own)


def test_code_from_elsewhere_that_is_not_the_projects_is_refused_until_it_is_named(own, monkeypatch):
    before = asked(own)
    elsewhere(own)
    own.write("factor.py", "raise RuntimeError('must not run')\n")
    with pytest.raises(Untrusted, match=VARIABLE) as caught:
        asked(own)
    assert caught.value.facts["files"] == ["factor.py", "line.py"]
    digest = caught.value.facts["code"]
    assert f"refused without {VARIABLE}={digest[:12]}" in loading(own)
    for named in ("", "1", digest[:7], "0" * 12):
        monkeypatch.setenv(VARIABLE, named)
        with pytest.raises(Untrusted):
            asked(own)
    monkeypatch.setenv(VARIABLE, f"0123456789ab, {digest[:12]}")
    assert asked(own) == before
    assert f"named by {VARIABLE}" in loading(own)


PROGRAM = """\
import mlctl
from line import Line


class Halved(Line):
    def predict(self, matrix):
        return super().predict(matrix) / 2


if __name__ == "__main__":
    with mlctl.run() as run:
        run.save(Halved().fit(*run.load()))
"""


def test_the_code_of_a_program_that_fits_travels_with_its_model(own):
    before = asked(own)
    own.write("fit.py", PROGRAM)
    own.write(
        "mlctl.toml",
        spec().replace('estimator = "sklearn.linear_model:Ridge"', 'command = ["python", "fit.py"]'),
    )
    train(own.session(), TrainRequest())
    for name in ("fit.py", "line.py", "factor.py"):
        (own.root / name).unlink()
    halved = [float(line.rpartition(",")[2]) for line in asked(own, "demand@2").splitlines()[1:]]
    whole = [float(line.rpartition(",")[2]) for line in before.splitlines()[1:]]
    assert halved == pytest.approx([one / 2 for one in whole])
    assert "factor.py, fit.py, line.py" in loading(own, "demand@2")


def test_what_a_class_prints_is_no_answer_on_stdout(learner, capsys):
    learner.write("mlctl.toml", spec().replace('"sklearn.linear_model:Ridge"', '"line:Line"'))
    printing = LINE.replace("        return FACTOR", "        print(len(matrix))\n        return FACTOR")
    learner.write("line.py", f"print('imported')\n{printing}")
    learner.write("factor.py", "FACTOR = 1\n")
    train(learner.session(), TrainRequest())
    asked(learner)
    assert capsys.readouterr().out == ""


def test_models_of_libraries_run_nobodys_code(learner):
    train(learner.session(), TrainRequest())
    assert loading(learner) == "runs nobody's code"
