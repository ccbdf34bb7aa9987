"""Models of other libraries live the whole life by the same commands as those of scikit-learn."""

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.projects import question, small

CLASSES = Path(__file__).parents[1] / "conformance"

BY_CLASS = {
    'target = "rides"': 'target = "busy"',
    'task = "regression"': 'task = "binary"',
    'baseline = "mean"': 'baseline = "prior"',
    'metrics = ["mae", "r2"]': 'metrics = ["log_loss", "roc_auc"]',
    'mae = { max = 200, incumbent = "not_worse" }': 'log_loss = { max = 1.0, incumbent = "not_worse" }',
    "performance = { mae = { max = 40 } }": "performance = { log_loss = { max = 1.0 } }",
    "not_null(rides)": "not_null(busy)",
}


def project(folder, estimator, params):
    """Rides of 200 days, or whether there are many, as the estimator has it."""
    terminal = small(folder, estimator=estimator, params=params)
    if not estimator.endswith("Classifier"):
        return terminal
    spec = (folder / "mlctl.toml").read_text()
    for old, new in BY_CLASS.items():
        assert old in spec
        spec = spec.replace(old, new)
    (folder / "mlctl.toml").write_text(spec)
    rows = list(csv.DictReader((folder / "rides.csv").open()))
    middle = sorted(float(row["rides"]) for row in rows)[len(rows) // 2]
    with (folder / "rides.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        names = [name for name in rows[0] if name != "rides"]
        writer.writerow([*names, "busy"])
        writer.writerows([*(row[name] for name in names), int(float(row["rides"]) > middle)] for row in rows)
    return terminal


@pytest.mark.parametrize(
    ("estimator", "flavor"),
    [
        ("lightgbm:LGBMRegressor", "lightgbm"),
        ("lightgbm:LGBMClassifier", "lightgbm"),
        ("xgboost:XGBRegressor", "xgboost"),
        ("xgboost:XGBClassifier", "xgboost"),
    ],
)
def test_a_model_of_another_library_lives_the_whole_life(tmp_path, estimator, flavor):
    terminal = project(tmp_path / "small", estimator, "{ n_estimators = 15 }")
    lived(terminal, flavor)


@pytest.mark.parametrize("flavor", ["python", "onnx", "torch"])
def test_a_model_of_the_projects_own_class_lives_the_whole_life(tmp_path, flavor):
    if flavor == "torch":
        pytest.importorskip("torch")
    folder = tmp_path / "small"
    terminal = small(folder)
    classes = (CLASSES / ("own_nets.py" if flavor == "torch" else "own_classes.py")).read_text()
    name = {"python": "Line", "onnx": "Graph", "torch": "Net"}[flavor]
    (folder / "own.py").write_text(f"{classes}\n\ndef make():\n    return {name}()\n")
    spec = (folder / "mlctl.toml").read_text()
    (folder / "mlctl.toml").write_text(
        spec.replace('estimator = "sklearn.linear_model:Ridge"', 'build = "own.py:make"')
    )
    lived(terminal, flavor)


def lived(terminal, flavor):
    """From a spec to answers, the same ones in a file and from a server, and the fit done again."""
    terminal.run("init", ".")
    trained = terminal.data("train")
    assert terminal.data("train")["run"] == trained["run"]
    terminal.data("eval")
    terminal.data("promote", "--to", "production")
    assert terminal.data("reproduce")["equal"] is True
    assert terminal.data("show", "demand@production")["record"]["flavor"] == flavor
    terminal.data("predict", "production", "rides.csv", "-o", "out.csv")
    answers = list(csv.DictReader((terminal.folder / "out.csv").open()))
    with terminal.serving("demand@production") as client:
        for number in (0, 77, 199):
            status, answer = client.predict({"rows": [question(number)]})
            assert status == 200, answer
            assert str(answer["predictions"][0]) == answers[number]["prediction"]
    assert terminal.data("fsck")["clean"] is True


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is there")
def test_a_library_that_is_not_there_is_told_with_its_extra_and_nothing_is_trained(tmp_path):
    terminal = small(tmp_path / "small", estimator="torch.nn:Linear")
    terminal.run("init", ".")
    error = terminal.json("train", expect=(70,))["error"]
    assert (error["id"], error["facts"]["extra"]) == ("not_installed", "torch")
    assert error["hints"] == ["pip install 'mlctl[torch]'"]
    assert "no module 'torch'" in error["message"]
    assert terminal.data("models")["models"] == []
