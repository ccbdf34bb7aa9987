"""A threshold or costs: evaluated, predicted in batch and served by one decision."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from mlctl.domain.errors import GateRefused, TrainingFailed
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.predict import PredictRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.tabular.parquet import table_from
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.predict import predict
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train

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
baseline = "prior"
refit = "all"
[model.risk.split]
by = "random"
test = "40%"
[model.risk.eval]
metrics = ["roc_auc", "recall", "precision"]
samples = 50
search = false
{decision}
"""
LOGISTIC = "sklearn.linear_model:LogisticRegression"


@pytest.fixture
def loans(project):
    random = np.random.default_rng(0)
    x = random.normal(size=600)
    late = random.random(600) < 1 / (1 + np.exp(2 - 1.5 * x))
    lines = [f"{n},{a:.4f},{'yes' if b else 'no'}" for n, (a, b) in enumerate(zip(x, late, strict=True))]
    project.write("data/loans.csv", "id,x,late\n" + "\n".join(lines) + "\n")

    def declare(decision="", estimator=LOGISTIC):
        project.write("mlctl.toml", SPEC.format(decision=decision, estimator=estimator))
        return project

    return declare


def version_of(project, digest):
    return project.session().repository.facts.get(ModelVersion, digest)


@pytest.mark.parametrize(
    ("decision", "threshold"),
    [("threshold = 0.3", 0.3), ("costs = { false_positive = 1, false_negative = 5 }", 1 / 6)],
)
def test_evaluation_batch_and_refit_decide_alike(loans, decision, threshold):
    project = loans(decision)
    made = train(project.session(), TrainRequest()).data
    found = evaluate(project.session(), EvalRequest()).data
    repository = project.session().repository
    table = table_from(
        repository.objects.read(repository.facts.get(Evaluation, found.evaluation).predictions)
    )
    chance = np.array(table.column("mlctl.probabilities").to_pylist())[:, 1]
    called = np.array(table.column("mlctl.output").to_pylist()) == "yes"
    late = np.array(table.column("late").to_pylist()) == "yes"
    assert (called == (chance >= threshold)).all()
    assert (called != (chance >= 0.5)).any()
    assert found.metrics["recall"].value == pytest.approx(called[late].mean())
    assert made.metrics["recall"] == pytest.approx(called[late].mean())
    assert found.notes["threshold"] == ["yes", threshold]

    refit = promote(project.session(), PromoteRequest()).data
    assert version_of(project, refit.digest).signature.threshold == threshold
    for selector in ("risk@1", "risk@production"):
        request = PredictRequest(model=selector, input="data/loans.csv", output="out.parquet")
        predict(project.session(), request)
        rows = pq.read_table("out.parquet")
        chance = rows.column("probability_yes").to_numpy()
        assert [one == "yes" for one in rows.column("prediction").to_pylist()] == (
            chance >= threshold
        ).tolist()


def test_costs_that_weigh_more_are_paid_less(loans):
    paid = {}
    for decision in ("", "costs = { false_positive = 1, false_negative = 5 }"):
        project = loans(decision)
        train(project.session(), TrainRequest())
        found = evaluate(project.session(), EvalRequest()).data
        repository = project.session().repository
        fact = repository.facts.get(Evaluation, found.evaluation)
        table = table_from(repository.objects.read(fact.predictions))
        called = np.array(table.column("mlctl.output").to_pylist()) == "yes"
        late = np.array(table.column("late").to_pylist()) == "yes"
        paid[decision] = (called & ~late).sum() + 5 * (~called & late).sum()
    assert paid["costs = { false_positive = 1, false_negative = 5 }"] < 0.9 * paid[""]


def test_another_threshold_is_another_version_and_the_same_one_is_not(loans):
    train(loans().session(), TrainRequest())
    second = train(loans("threshold = 0.3").session(), TrainRequest()).data
    assert (second.version, second.changed) == (2, True)
    assert train(loans("threshold = 0.3").session(), TrainRequest()).data.changed is False


def test_a_model_without_probabilities_is_refused(loans):
    project = loans("threshold = 0.3", "sklearn.svm:LinearSVC")
    with pytest.raises(TrainingFailed, match="need probabilities"):
        train(project.session(), TrainRequest())


def test_groups_are_compared_and_a_gate_on_them_refuses(loans):
    gate = '[model.risk.gates.production]\n"parity_ratio@branch" = { min = 0.8 }'
    project = loans(f'threshold = 0.3\nfairness = ["branch"]\n{gate}')
    text = (project.root / "data/loans.csv").read_text().splitlines()
    branch = ["branch"] + ["north" if float(line.split(",")[1]) > 0 else "south" for line in text[1:]]
    project.write("data/loans.csv", "\n".join(map(",".join, zip(text, branch, strict=True))) + "\n")
    train(project.session(), TrainRequest())
    found = evaluate(project.session(), EvalRequest(html="page.html", markdown="comment.md")).data
    parity = found.fairness["branch"].gaps["parity"]
    assert (parity.low, parity.high) == ("south", "north")
    assert parity.ratio.high < 0.8
    assert [one["gate"] for one in found.gates["reasons"]] == ["parity_ratio.min"]
    assert (
        "| demographic parity | called positive: south against north |"
        in (project.root / "comment.md").read_text()
    )
    assert "Groups of branch" in (project.root / "page.html").read_text()
    with pytest.raises(GateRefused, match="parity_ratio"):
        promote(project.session(), PromoteRequest())


def test_a_required_test_of_behaviour_refuses_a_promotion(loans):
    declared = """
[[model.risk.eval.tests]]
name = "rises"
kind = "direction"
column = "x"
by = -1
required = {required}

[[model.risk.eval.tests]]
name = "sure"
kind = "minimum"
where = "x > 2.5"
answer = "yes"
"""
    project = loans(declared.format(required="true"))
    train(project.session(), TrainRequest())
    found = evaluate(project.session(), EvalRequest(markdown="comment.md", html="page.html")).data
    falls, sure = found.behaviour
    assert (falls.failed, falls.rows, falls.passed, sure.passed) == (found.rows, found.rows, False, True)
    assert len(falls.examples) == 3
    assert [one["gate"] for one in found.gates["reasons"]] == ["test.rises"]
    assert (
        f"| rises (required) | direction | {found.rows} of {found.rows} | failed |"
        in (project.root / "comment.md").read_text()
    )
    assert "Behaviour" in (project.root / "page.html").read_text()
    with pytest.raises(GateRefused, match="test 'rises'"):
        promote(project.session(), PromoteRequest())
    loans(declared.format(required="false"))
    assert promote(project.session(), PromoteRequest()).data.changed
