"""Costs as a metric, and the threshold that is searched for: evaluated, gated, served, shown, kept."""

import html

import numpy as np
import pyarrow.parquet as pq
import pytest

from mlctl.domain.errors import GateRefused, UsageError
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
estimator = "sklearn.naive_bayes:GaussianNB"
baseline = "prior"
refit = "all"
{weight}
[model.risk.split]
by = "random"
test = "50%"
accept = ["duplicates", "giveaway"]
[model.risk.eval]
metrics = ["roc_auc", "cost"]
costs = {{ false_positive = 1, false_negative = 8{threshold} }}
samples = 200
search = false
{gates}
"""
SEARCHED = ', threshold = "searched"'


@pytest.fixture
def loans(project):
    """Probabilities that are far too sure: two columns, each told ten times to a naive model."""
    random = np.random.default_rng(0)
    late = random.random(4000) < 0.3
    x = (random.normal(size=(4000, 2)) + late[:, None] * 0.8).round(3)
    share = random.gamma(1.0, 1.0, 4000).round(3) + 0.01
    names = [f"x{copy}_{at}" for copy in range(10) for at in range(2)]
    rows = [
        ",".join([str(n), *map(str, np.tile(x[n], 10)), str(share[n]), "yes" if late[n] else "no"])
        for n in range(4000)
    ]
    project.write("data/loans.csv", "\n".join([",".join(["id", *names, "share", "late"]), *rows]) + "\n")

    def declare(threshold=SEARCHED, gates="", weight='exclude = ["share"]'):
        project.write("mlctl.toml", SPEC.format(threshold=threshold, gates=gates, weight=weight))
        return project

    return declare


def paid_on_test_rows(project, found):
    repository = project.session().repository
    fact = repository.facts.get(Evaluation, found.evaluation)
    table = table_from(repository.objects.read(fact.predictions))
    called = np.array(table.column("mlctl.output").to_pylist()) == "yes"
    late = np.array(table.column("late").to_pylist()) == "yes"
    return (called & ~late) * 1.0 + 8.0 * (~called & late), table


def test_a_searched_threshold_beats_the_formula_where_probabilities_are_not_calibrated(loans):
    train(loans("").session(), TrainRequest())
    project = loans()
    promote(project.session(), PromoteRequest(model="risk@1"))
    made = train(project.session(), TrainRequest()).data
    assert made.version == 2
    found = evaluate(project.session(), EvalRequest(model="risk@2")).data
    gain = found.incumbent.metrics["cost"]
    assert gain.high < 0  # cheaper on rows that neither has seen, beyond noise
    assert found.metrics["cost"].value < 0.95 * gain.other
    paid, _ = paid_on_test_rows(project, found)
    assert found.metrics["cost"].value == pytest.approx(paid.mean(), rel=1e-12)
    assert made.metrics["cost"] == pytest.approx(paid.mean(), rel=1e-12)
    how = found.notes["searched"]
    assert how["rows"] == project.session().repository.facts.get(ModelVersion, made.digest).rows
    assert how["cost"] < how["formula_cost"]
    assert found.baseline["cost"].value == pytest.approx(0.7, abs=0.05)  # it calls everybody


def test_what_is_found_is_served_refitted_reproduced_and_told(loans):
    project = loans()
    steps = {one.step: one.state for one in plan(project.session(), PlanRequest()).data.steps}
    assert steps["train risk"] == "stale"
    made = train(project.session(), TrainRequest()).data
    facts = project.session().repository.facts
    version = facts.get(ModelVersion, made.digest)
    threshold = version.signature.threshold
    assert threshold == version.searched.threshold != version.searched.formula
    refit = facts.get(ModelVersion, promote(project.session(), PromoteRequest()).data.digest)
    assert refit.refit_of == made.digest
    assert (refit.signature.threshold, refit.searched) == (threshold, version.searched)
    for selector in ("risk@1", "risk@production"):
        request = PredictRequest(model=selector, input="data/loans.csv", output="out.parquet")
        predict(project.session(), request)
        rows = pq.read_table("out.parquet")
        called = np.array(rows.column("prediction").to_pylist()) == "yes"
        assert (called == (rows.column("probability_yes").to_numpy() >= threshold)).all()
    assert reproduce(project.session(), ReproduceRequest(selector="risk@1")).data.equal
    assert reproduce(project.session(), ReproduceRequest(selector="risk@production")).data.equal
    told = version.searched.told
    found = evaluate(project.session(), EvalRequest(markdown="m.md", html="page.html")).data
    assert found.changed is False
    assert told in (project.root / "m.md").read_text()
    assert html.escape(told) in (project.root / "page.html").read_text()
    lines = [line.text for one in card(project.session(), CardRequest()).data.sections for line in one.lines]
    assert any(told in str(line) and "cost 1 and 8" in str(line) for line in lines)
    assert train(project.session(), TrainRequest()).data.changed is False
    steps = plan(loans("").session(), PlanRequest()).data.steps
    said = next(one.why for one in steps if one.step == "train risk")
    assert "the spec has changed since the newest run: eval.costs" in said


def test_a_gate_may_hold_the_cost(loans):
    gate = "[model.risk.gates.production]\ncost = {{ max = {0} }}"
    train(loans(gates=gate.format(0.01)).session(), TrainRequest())
    with pytest.raises(GateRefused, match="cost"):
        promote(loans(gates=gate.format(0.01)).session(), PromoteRequest())
    assert promote(loans(gates=gate.format(0.9)).session(), PromoteRequest()).data.changed


def test_weights_take_part_in_the_search_and_in_the_cost(loans):
    project = loans(weight='weight = "share"')
    train(project.session(), TrainRequest())
    found = evaluate(project.session(), EvalRequest()).data
    paid, table = paid_on_test_rows(project, found)
    weight = table.column("mlctl.weight").to_numpy()
    assert found.metrics["cost"].value == pytest.approx(np.average(paid, weights=weight), rel=1e-12)
    assert found.metrics["cost"].value != pytest.approx(paid.mean(), rel=1e-3)


def test_a_threshold_is_searched_for_in_rows_where_all_are_of_one_group(loans):
    project = loans()
    lines = (project.root / "data/loans.csv").read_text().splitlines()
    teams = ["team", *("a" if n < 2000 else "north" for n in range(len(lines) - 1))]
    project.write("data/loans.csv", "".join(f"{a},{b}\n" for a, b in zip(lines, teams, strict=True)))
    text = (project.root / "mlctl.toml").read_text().replace('by = "random"', 'by = "group"\ncolumn = "team"')
    project.write("mlctl.toml", text.replace('["share"]', '["share", "team"]'))
    made = train(project.session(), TrainRequest())
    version = project.session().repository.facts.get(ModelVersion, made.data.digest)
    assert (version.searched.rows, version.searched.folds) == (2000, 5)
    assert any("all 2000 rows of loans@1 are of one group" in warning for warning in made.warnings)


def test_costs_that_moved_are_told_and_costs_in_two_units_not_compared(loans):
    gates = '[model.risk.gates.production]\ncost = { incumbent = "non_inferior" }\n'
    train(loans("", gates).session(), TrainRequest())
    promote(loans("", gates).session(), PromoteRequest())
    project = loans("", gates)
    text = (project.root / "mlctl.toml").read_text()
    project.write("mlctl.toml", text.replace("false_negative = 8", "false_negative = 50"))
    assert train(project.session(), TrainRequest()).data.version == 2

    found = diff(project.session(), DiffRequest(old="risk@1", new="risk@2")).data
    told = [(one.kind, one.name, one.old, one.new) for one in found.changes]
    assert told == [("spec", "eval.costs.false_negative", 8.0, 50.0)]
    cost = next(one for one in found.metrics if one.name == "cost")
    assert (cost.difference, cost.low, cost.high) == (None, None, None)
    assert cost.why == "by other costs: not to be compared"
    assert found.comparable
    assert "cost" not in found.apart.metrics
    assert "cost is not compared: wrong answers cost 1 and 8 in risk@1, and 1 and 50 here" in found.apart.why

    asked = why(project.session(), WhyRequest(old="risk@1", new="risk@2", metric="accuracy"))
    assert [one.name for one in asked.data.shares] == ["decision"]
    assert asked.data.shares[0].share == pytest.approx(asked.data.difference, rel=1e-9)
    assert abs(asked.data.difference) > 0.01
    assert any("cost is not compared" in warning for warning in asked.warnings)
    with pytest.raises(UsageError, match="cost is not compared: wrong answers cost 1 and 8 in risk@1"):
        why(project.session(), WhyRequest(old="risk@1", new="risk@2", metric="cost"))

    judged = evaluate(project.session(), EvalRequest(model="risk@2")).data
    assert set(judged.incumbent.metrics) == {"roc_auc"}
    assert "cost is not compared: wrong answers cost 1 and 8 in version 1" in judged.incumbent.why
    (reason,) = judged.gates["reasons"]
    assert reason["gate"] == "cost.non_inferior"
    assert reason["why"].startswith("no comparison with version 1: ")
    assert "cost is not compared" in reason["why"]


def test_no_word_is_given_by_costs_in_two_units(loans):
    project = loans()
    text = (project.root / "mlctl.toml").read_text().replace('"roc_auc", "cost"', '"cost", "roc_auc"')
    project.write("mlctl.toml", text)
    train(project.session(), TrainRequest())
    promote(project.session(), PromoteRequest())
    project.write("mlctl.toml", text.replace("false_negative = 8", "false_negative = 50"))
    train(project.session(), TrainRequest())
    assert evaluate(project.session(), EvalRequest(model="risk@2")).data.incumbent.verdict == "none"
    found = diff(project.session(), DiffRequest(old="risk@1", new="risk@2")).data
    assert (found.apart.verdict, found.apart.more_rows) == ("none", None)
    asked = why(project.session(), WhyRequest(old="risk@1", new="risk@2"))
    assert asked.data.metric == "roc_auc"
