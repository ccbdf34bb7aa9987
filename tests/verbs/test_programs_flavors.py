"""Models of other libraries, of other languages and of the project's own code, handed back by programs."""

import csv

import pytest

from mlctl.domain.model import ModelVersion
from mlctl.domain.points import read_points
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.predict import PredictRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.predict import predict
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import rows
from tests.verbs.programs import LINE, command_spec

SAVING = """
import mlctl
from {module} import {name}

with mlctl.run() as run:
    matrix, target = run.load()
    run.save({name}(**run.params).fit(matrix, target))
"""
SHELL = r"""
set -eu
printf '{"step": 1, "loss": 0.5}\n' >> "$MLCTL_POINTS"
printf '{"step": 2, "loss": 0.25}\n' >> "$MLCTL_POINTS"
cp given.onnx "$MLCTL_MODEL/model.onnx"
"""


def lives(project):
    """Train, evaluate, promote and ask; the version and its mean absolute error."""
    made = train(project.session(), TrainRequest()).data
    evaluated = evaluate(project.session(), EvalRequest(model="demand@1")).data
    assert evaluated.metrics["mae"].value == pytest.approx(made.metrics["mae"], rel=1e-12)
    assert promote(project.session(), PromoteRequest(model="demand@1")).data.changed
    asked = PredictRequest(model="production", input="data/rides.csv", output="answers.csv")
    assert predict(project.session(), asked).data.rows == 400
    repository = project.session().repository
    return repository.facts.get(ModelVersion, made.digest), made.metrics["mae"]


@pytest.mark.parametrize(
    ("module", "name", "flavor"),
    [("lightgbm", "LGBMRegressor", "lightgbm"), ("xgboost", "XGBRegressor", "xgboost")],
)
def test_a_library_s_model_lives_as_any_other_does(learner, module, name, flavor):
    pytest.importorskip(module)
    learner.write("mlctl.toml", command_spec(params="{ n_estimators = 20, n_jobs = 1 }"))
    learner.write("train.py", SAVING.format(module=module, name=name))
    version, error = lives(learner)
    assert (version.flavor, version.estimator) == (flavor, name)
    assert error < 2


def test_a_class_of_the_project_lives_as_any_other_does(learner):
    learner.write("mlctl.toml", command_spec(params="{}"))
    learner.write("train.py", SAVING.format(module="parts.own", name="Line"))
    learner.write("parts/own.py", LINE)
    version, error = lives(learner)
    assert version.flavor == "python"
    assert error < 1.2


def test_a_program_in_another_language_hands_over_onnx(learner):
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    weights = helper.make_tensor("weights", onnx.TensorProto.FLOAT, [2, 1], [3.0, 0.0])
    mean = helper.make_tensor("mean", onnx.TensorProto.FLOAT, [1], [50.0])
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["matrix", "weights"], ["product"]),
            helper.make_node("Add", ["product", "mean"], ["answer"]),
        ],
        "line",
        [helper.make_tensor_value_info("matrix", onnx.TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("answer", onnx.TensorProto.FLOAT, [None, 1])],
        [weights, mean],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    learner.root.joinpath("given.onnx").write_bytes(model.SerializeToString())
    learner.write("mlctl.toml", command_spec("sh", "train.sh", params="{}"))
    learner.write("train.sh", SHELL)
    version, error = lives(learner)
    assert version.flavor == "onnx"
    assert error < 1.2
    repository = learner.session().repository
    run = repository.facts.where(Run, run=version.run)[0][1]
    points = read_points(repository.objects.read(run.points)).series["loss"]
    assert [(point.step, point.value) for point in points] == [(1, 0.5), (2, 0.25)]


def test_classes_are_handed_over_as_indices_and_answered_by_their_names(learner):
    lines = rows().splitlines()
    labelled = [
        lines[0],
        *(
            f"{line.rpartition(',')[0]},{'hot' if float(line.split(',')[2]) > 0 else 'cold'}"
            for line in lines[1:]
        ),
    ]
    learner.write("data/rides.csv", "\n".join(labelled) + "\n")
    text = command_spec(params="{}").replace('metrics = ["mae", "r2"]', 'metrics = ["accuracy"]')
    text = text.replace('baseline = "mean"', 'baseline = "majority"').replace("mae = {", "accuracy = {")
    learner.write("mlctl.toml", text)
    source = SAVING.format(module="sklearn.linear_model", name="LogisticRegression")
    learner.write(
        "train.py", source + "    assert (run.classes, sorted(set(target))) == (('cold', 'hot'), [0, 1])\n"
    )
    made = train(learner.session(), TrainRequest()).data
    assert made.metrics["accuracy"] > 0.95
    asked = PredictRequest(model="demand@1", input="data/rides.csv", output="answers.csv")
    predict(learner.session(), asked)
    with (learner.root / "answers.csv").open(newline="") as file:
        answers = [row["prediction"] for row in csv.DictReader(file)]
    assert (len(answers), set(answers)) == (400, {"hot", "cold"})
