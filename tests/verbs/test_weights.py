"""A weight from `mlctl.toml` to every number that is told, and to none that a request has to bring."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from mlctl.domain.errors import ColumnMissing, TrainingFailed
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.card import CardRequest
from mlctl.domain.requests.diff import DiffRequest
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.predict import PredictRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.reproduce import ReproduceRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.why import WhyRequest
from mlctl.domain.run import Run
from mlctl.tabular.parquet import table_from
from mlctl.verbs.card import card
from mlctl.verbs.diff import diff
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.plan import plan
from mlctl.verbs.predict import predict
from mlctl.verbs.promote import promote
from mlctl.verbs.reproduce import reproduce
from mlctl.verbs.train import train
from mlctl.verbs.why import why
from tests.verbs.programs import LINE, command_spec

ADULT = Path(os.environ.get("MLCTL_TEST_DATA", "")) / "adult_income"
SPEC = """\
spec = 1
[project]
name = "small"
[data.loans]
path = "data/loans.csv"
key = ["id"]
[model.risk]
data = "loans"
target = "late"
task = "binary"
positive = "yes"
estimator = "{estimator}"
{weight}
baseline = "prior"
refit = "all"
[model.risk.split]
by = "random"
test = "40%"
{split}
[model.risk.eval]
metrics = ["log_loss", "accuracy", "recall"]
samples = 60
search = false
fairness = ["branch"]
slices = {{ {slices} }}
{more}
"""
LOGISTIC = "sklearn.linear_model:LogisticRegression"
WEIGHED = 'weight = "share"'


@pytest.fixture
def loans(project):
    random = np.random.default_rng(0)
    x = random.normal(size=600)
    late = random.random(600) < 1 / (1 + np.exp(1 - 1.5 * x))
    share = np.where(x > 0, 9.0, 1.0) * random.random(600).round(3)
    branch = random.integers(0, 2, 600)
    rows = zip(x, branch, share, late, strict=True)
    lines = [f"{n},{a:.4f},b{b},{s:.4f},{'yes' if c else 'no'}" for n, (a, b, s, c) in enumerate(rows)]
    project.write("data/loans.csv", "id,x,branch,share,late\n" + "\n".join(lines) + "\n")

    def declare(weight=WEIGHED, slices="", split="", estimator=LOGISTIC, more=""):
        text = SPEC.format(weight=weight, slices=slices, split=split, estimator=estimator, more=more)
        project.write("mlctl.toml", text)
        return project

    return declare


def kept(project, found):
    repository = project.session().repository
    fact = repository.facts.get(Evaluation, found.evaluation)
    return table_from(repository.objects.read(fact.predictions))


def columns_of(table):
    truth = np.array(table.column("late").to_pylist()) == "yes"
    called = np.array(table.column("mlctl.output").to_pylist()) == "yes"
    chance = np.array(table.column("mlctl.probabilities").to_pylist())[:, 1]
    return truth, called, chance, table.column("mlctl.weight").to_numpy()


def test_every_number_of_train_and_eval_is_the_weighted_one(loans):
    project = loans(slices="""low = "x < 0" """)
    made = train(project.session(), TrainRequest()).data
    found = evaluate(project.session(), EvalRequest()).data
    truth, called, chance, weight = columns_of(kept(project, found))
    known = {
        "log_loss": sk.log_loss(truth, chance, sample_weight=weight),
        "accuracy": sk.accuracy_score(truth, called, sample_weight=weight),
        "recall": sk.recall_score(truth, called, sample_weight=weight),
    }
    for name, number in known.items():
        assert found.metrics[name].value == pytest.approx(number, rel=1e-12)
        assert made.metrics[name] == pytest.approx(number, rel=1e-12)
        assert found.metrics[name].low < number < found.metrics[name].high
    assert known["accuracy"] != pytest.approx(sk.accuracy_score(truth, called), rel=1e-3)
    assert found.notes["weight"]["column"] == "share"
    assert found.notes["weight"]["effective_rows"] == pytest.approx(
        weight.sum() ** 2 / (weight**2).sum(), abs=0.1
    )
    table = kept(project, found)
    group = np.array(table.column("branch").to_pylist()) == "b1"
    rates = found.fairness["branch"].groups["b1"].rates
    assert rates["selection_rate"].value == pytest.approx(np.average(called[group], weights=weight[group]))
    shares = np.average(truth, weights=weight)
    assert found.baseline["log_loss"].value == pytest.approx(
        sk.log_loss(truth, np.full(len(truth), shares)), abs=0.1
    )
    low = np.array(table.column("x").to_pylist()) < 0
    assert found.slices["low"].metrics["accuracy"].value == pytest.approx(
        sk.accuracy_score(truth[low], called[low], sample_weight=weight[low]), rel=1e-12
    )


def test_a_new_slice_needs_no_new_run(loans):
    train(loans().session(), TrainRequest())
    project = loans(slices="""high = "x > 1" """)
    found = evaluate(project.session(), EvalRequest()).data
    truth, called, _, weight = columns_of(kept(project, found))
    high = np.array(kept(project, found).column("x").to_pylist()) > 1
    assert found.slices["high"].metrics["accuracy"].value == pytest.approx(
        sk.accuracy_score(truth[high], called[high], sample_weight=weight[high]), rel=1e-12
    )
    assert len(project.session().repository.facts.all(Run)) == 1


def test_plan_diff_and_why_name_the_weight_and_the_page_says_it(loans):
    train(loans("").session(), TrainRequest())
    project = loans()
    steps = {one.step: one for one in plan(project.session(), PlanRequest()).data.steps}
    assert "the spec has changed since the newest run: weight" in steps["train risk"].why
    assert train(project.session(), TrainRequest()).data.version == 2
    assert train(loans("").session(), TrainRequest()).data.changed is False  # its old key still names it
    told = diff(project.session(), DiffRequest(old="risk@1", new="risk@2")).data
    change = next(one for one in told.changes if one.name == "weight")
    assert (change.old, change.new, told.comparable, told.apart) == (None, "share", False, None)
    shares = why(project.session(), WhyRequest(old="risk@1", new="risk@2")).data.shares
    assert "spec weight" in [one.name for one in shares]
    found = evaluate(loans().session(), EvalRequest(model="risk@2", html="page.html", markdown="m.md")).data
    worth = f"weighed by share: worth {found.notes['weight']['effective_rows']:,.0f} rows"
    assert worth in (project.root / "page.html").read_text()
    assert worth in (project.root / "m.md").read_text()
    lines = [
        line.text
        for one in card(project.session(), CardRequest(selector="risk@2")).data.sections
        for line in one.lines
    ]
    assert any(str(line).startswith("share: worth") for line in lines)


def test_requests_bring_no_weight_and_files_may(loans):
    project = loans()
    made = train(project.session(), TrainRequest()).data
    promote(project.session(), PromoteRequest())
    project.write("data/new.csv", "id,x,branch\n1,0.5,b0\n2,-1.5,b1\n")
    request = PredictRequest(model="risk@production", input="data/new.csv", output="new.parquet")
    assert predict(project.session(), request).data.rows == 2
    request = PredictRequest(model="risk@1", input="data/loans.csv", output="all.parquet")
    assert predict(project.session(), request).data.rows == 600
    version = project.session().repository.facts.get(ModelVersion, made.digest)
    assert "share" not in [one.name for one in version.signature.inputs]


def test_folds_repeats_refit_and_reproduce_weigh_their_rows(loans):
    forest = "sklearn.ensemble:RandomForestClassifier"
    project = loans(split="folds = 2", estimator=forest)
    train(project.session(), TrainRequest(repeats=2, set=("n_estimators=10", "max_depth=2")))
    run = project.session().repository.facts.all(Run)[-1][1]
    weighed = run.metrics["folds.accuracy"]
    assert weighed == pytest.approx(np.mean([one["metrics"]["accuracy"] for one in run.notes["folds"]]))
    assert reproduce(project.session(), ReproduceRequest(selector="risk@1")).data.equal
    promote(project.session(), PromoteRequest(to="staging"))
    train(
        loans("", split="folds = 2", estimator=forest).session(),
        TrainRequest(set=("n_estimators=10", "max_depth=2")),
    )
    plain = project.session().repository.facts.all(Run)[-1][1]
    assert plain.metrics["folds.accuracy"] != pytest.approx(weighed, rel=1e-3)


def test_the_incumbent_is_weighed_by_the_candidate_s_rows(loans):
    project = loans()
    train(project.session(), TrainRequest())
    promote(project.session(), PromoteRequest())
    train(project.session(), TrainRequest(set=("C=0.001",)))
    found = evaluate(project.session(), EvalRequest(model="risk@2")).data
    table = kept(project, found)
    truth, called, _, weight = columns_of(table)
    other = np.array(table.column("mlctl.incumbent").to_pylist()) == "yes"
    gap = np.average((called == truth) * 1.0 - (other == truth), weights=weight)
    assert found.incumbent.metrics["accuracy"].difference == pytest.approx(gap, rel=1e-9)


def test_a_table_without_the_column_is_told(loans):
    project = loans()
    text = (project.root / "data/loans.csv").read_text()
    project.write("data/loans.csv", text.replace("share", "shore", 1))
    with pytest.raises(ColumnMissing, match="did you mean 'shore'"):
        train(project.session(), TrainRequest())


def test_a_bad_weight_is_told_with_its_row_before_anything_is_fitted(loans):
    project = loans()
    lines = (project.root / "data/loans.csv").read_text().splitlines()
    cells = lines[18].split(",")
    lines[18] = ",".join([*cells[:3], "-0.5", cells[4]])
    project.write("data/loans.csv", "\n".join(lines) + "\n")
    with pytest.raises(TrainingFailed, match=r"weight 'share' of loans@1, row 18: share = -0.5"):
        train(project.session(), TrainRequest())


PROGRAM = """\
import json, os
import pyarrow.parquet as pq
import mlctl
from own import Line

with mlctl.run() as run:
    told = json.load(open(os.environ["MLCTL_HANDOVER"]))
    weight = pq.read_table(run.data).column(run.weight).to_numpy()
    print("weight", told["weight"], len(weight), float(weight.max()))
    matrix, target = run.load()
    run.save(Line().fit(matrix, target), flavor="python")
"""


def test_a_program_is_told_which_column_weighs(learner):
    learner.write("own.py", LINE)
    learner.write("train.py", PROGRAM)
    learner.write("mlctl.toml", command_spec(params="{}", more='weight = "wind"'))
    text = (learner.root / "data/rides.csv").read_text().replace(",-", ",")
    learner.write("data/rides.csv", text)
    train(learner.session(), TrainRequest())
    run = learner.session().repository.facts.all(Run)[-1][1]
    log = learner.session().repository.objects.read(run.log).decode()
    assert f"weight wind {run.notes['rows']['train']}" in log


CENSUS = """\
spec = 1
[project]
name = "census"
[data.adult]
path = "data/adult.csv"
[model.income]
data = "adult"
target = "income"
positive = ">50K"
weight = "fnlwgt"
exclude = ["split"]
estimator = "sklearn.linear_model:LogisticRegression"
params = { max_iter = 300 }
baseline = "prior"
[model.income.split]
by = "column"
column = "split"
test = "test"
[model.income.eval]
metrics = ["roc_auc", "log_loss", "accuracy"]
samples = 40
search = false
slices = { female = "sex = 'Female'" }
"""
NAMES = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]


@pytest.mark.skipif(not ADULT.is_dir(), reason="needs MLCTL_TEST_DATA")
def test_the_census_weighed_by_its_sampling_weights(project):
    lines = [",".join([*NAMES, "split"])]
    for side in ("data", "test"):
        with (ADULT / f"adult.{side}").open(newline="") as file:
            rows = [row for row in csv.reader(file, skipinitialspace=True) if row]
        lines += [",".join([*row[:-1], row[-1].rstrip("."), side]) for row in rows]
    project.write("data/adult.csv", "\n".join(lines) + "\n")
    project.write("mlctl.toml", CENSUS)
    train(project.session(), TrainRequest())
    found = evaluate(project.session(), EvalRequest()).data
    table = kept(project, found)
    truth = np.array(table.column("income").to_pylist()) == ">50K"
    chance = np.array(table.column("mlctl.probabilities").to_pylist())[:, 1]
    weight = table.column("mlctl.weight").to_numpy()
    assert found.rows == 16_281
    assert found.metrics["roc_auc"].value == pytest.approx(
        sk.roc_auc_score(truth, chance, sample_weight=weight), rel=1e-12
    )
    assert found.metrics["log_loss"].value == pytest.approx(
        sk.log_loss(truth, chance, sample_weight=weight), rel=1e-12
    )
    assert 0.84 <= found.metrics["accuracy"].value <= 0.88
    assert found.metrics["log_loss"].value != pytest.approx(sk.log_loss(truth, chance), rel=1e-4)
    assert found.notes["weight"]["effective_rows"] == pytest.approx(12_415, abs=1)
