"""`diff`: exactly what was changed is told, and nothing else."""

import pytest

from mlctl.domain.errors import NotFound, UsageError
from mlctl.domain.requests.data_add import DataAddRequest
from mlctl.domain.requests.diff import DiffRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.data_add import data_add
from mlctl.verbs.diff import diff
from mlctl.verbs.train import train
from tests.verbs.learner import rows, spec

MAKE = "from sklearn.linear_model import Ridge\n\n\ndef make(alpha=1.0):\n    return Ridge(alpha=alpha)\n"


def told(project, old, new=None):
    return diff(project.session(), DiffRequest(old=old, new=new)).data


def kinds(found):
    return [(change.kind, change.name, change.old, change.new) for change in found.changes]


def test_a_parameter_and_a_seed(learner):
    train(learner.session(), TrainRequest())
    train(learner.session(), TrainRequest(set=("alpha=50.0",), seed=8))
    asked = diff(learner.session(), DiffRequest(old="demand@1"))
    assert asked.next == ("mlctl eval demand@2", "mlctl why demand@1 demand@2")
    found = asked.data
    assert kinds(found) == [("parameter", "alpha", None, 50.0), ("seed", "seed", 3, 8)]
    assert (found.old.label, found.new.label, found.comparable) == ("demand@1", "demand@2", True)
    mae = next(one for one in found.metrics if one.name == "mae")
    assert mae.difference == pytest.approx(mae.new - mae.old)
    assert not any(one.name.startswith("baseline.") for one in found.metrics)  # the same rows, the same mean


def test_the_same_run_twice_differs_in_nothing(learner):
    made = train(learner.session(), TrainRequest()).data
    found = told(learner, "demand@1", made.run)
    assert (found.changes, found.metrics, found.different) == ((), (), False)
    assert (found.new.label, found.new.version) == (f"run:{made.run}", None)


def test_data_and_split_make_metrics_incomparable(learner):
    train(learner.session(), TrainRequest())
    learner.write("data/rides.csv", rows(days=440))
    data_add(learner.session(), DataAddRequest())
    train(learner.session(), TrainRequest())
    found = told(learner, "demand@1", "demand@2")
    assert kinds(found)[0] == ("data", "rides (train)", "rides@1", "rides@2")
    assert ("rows", "train", 300, 330) in kinds(found)
    assert not found.comparable
    learner.write("mlctl.toml", spec().replace('test = "25%"', 'test = "50%"'))
    train(learner.session(), TrainRequest())
    assert ("spec", "split.test", "25%", "50%") in kinds(told(learner, "demand@2", "demand@3"))
    assert not told(learner, "demand@2", "demand@3").comparable


def test_code_files_and_variables_that_were_used(learner, monkeypatch):
    monkeypatch.chdir(learner.root)
    monkeypatch.setenv("ALPHA", "1")
    learner.write(
        "mlctl.toml", spec().replace('estimator = "sklearn.linear_model:Ridge"', 'build = "own.py:make"')
    )
    learner.write("own.py", MAKE)
    train(learner.session(), TrainRequest())
    learner.write("conf.txt", "2")
    learner.write(
        "own.py",
        "import os\nfrom pathlib import Path\n"
        + MAKE.replace(
            "Ridge(alpha=alpha)",
            'Ridge(alpha=float(os.environ["ALPHA"]) + float(Path("conf.txt").read_text()))',
        ),
    )
    train(learner.session(), TrainRequest())
    found = kinds(told(learner, "demand@1", "demand@2"))
    code = next(change for change in found if change[0] == "code")
    assert code[1:] == ("own.py", "3 statements, 1 of its own", "5 statements, 3 of its own")
    assert [change[:2] for change in found if change[0] != "code"] == [
        ("file", "conf.txt"),
        ("variable", "ALPHA"),
    ]
    monkeypatch.setenv("ALPHA", "5")
    train(learner.session(), TrainRequest())
    ((kind, name, old, new),) = kinds(told(learner, "demand@2", "demand@3"))
    assert (kind, name) == ("variable", "ALPHA")
    assert "5" not in {old, new}  # a value may be a secret


def test_what_cannot_be_compared_is_told(learner):
    train(learner.session(), TrainRequest())
    with pytest.raises(UsageError, match="is a dataset") as caught:
        told(learner, "rides@1", "demand@1")
    assert caught.value.hints == ("mlctl data diff rides",)
    with pytest.raises(UsageError, match="neither a run nor a model version"):
        told(learner, "demand@1", "decision:1")
    with pytest.raises(NotFound):
        told(learner, "demand@7")
