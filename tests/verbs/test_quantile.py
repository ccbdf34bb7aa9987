"""The life of a model that answers a quantile."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import mean_pinball_loss

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
from mlctl.evidence.telling_apart import Side, told_apart
from mlctl.evidence.verdicts import run_of
from mlctl.project.resolve import resolve_model
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
from tests.verbs.learner import spec

LINE = "sklearn.linear_model:QuantileRegressor"
GATES = """\
[model.demand.gates.production]
pinball = { max = 2.0, incumbent = "not_worse" }
coverage = { max = 0.2, min = -0.2 }
"""


@pytest.fixture
def demand(learner):
    def declare(level=0.9, params="{ alpha = 0.0 }", gates=GATES, more=""):
        text = spec(estimator=LINE, params=params, gates=gates)
        text = text.replace('baseline = "mean"\n', f'task = "quantile"\nquantile = {level}\n{more}')
        text = text.replace('metrics = ["mae", "r2"]\n', "")
        text = text.replace('baseline = "mean"\n', "")
        learner.write("mlctl.toml", text.replace('refit = "all"', 'baseline = "quantile"\nrefit = "all"'))
        return learner

    return declare


def test_a_quantile_is_trained_judged_promoted_predicted_and_reproduced(demand):
    project = demand()
    made = train(project.session(), TrainRequest()).data
    assert set(made.metrics) == {"pinball", "coverage"}
    found = evaluate(project.session(), EvalRequest(html="page.html", markdown="m.md")).data
    repository = project.session().repository
    fact = repository.facts.get(Evaluation, found.evaluation)
    table = table_from(repository.objects.read(fact.predictions))
    truth, output = (table.column(name).to_numpy() for name in ("rides", "mlctl.output"))
    known = mean_pinball_loss(truth, output, alpha=0.9)
    assert found.metrics["pinball"].value == pytest.approx(known, rel=1e-12)
    assert found.metrics["coverage"].value == pytest.approx((truth <= output).mean() - 0.9, abs=1e-12)
    assert abs(found.metrics["coverage"].value) < 0.1
    assert found.baseline["pinball"].value > 1.5 * known
    page = (project.root / "page.html").read_text()
    for title in ("Coverage by prediction", "Coverage over time", "Pinball loss by prediction"):
        assert title in page
    assert "slope of truth" not in page
    assert found.search.loss == "pinball loss"

    refit = promote(project.session(), PromoteRequest()).data
    version = repository.facts.get(ModelVersion, refit.digest)
    assert (version.signature.task, version.signature.quantile) == ("regression", 0.9)
    assert version.parameters["quantile"] == 0.9
    request = PredictRequest(model="demand@production", input="data/rides.csv", output="out.parquet")
    predict(project.session(), request)
    rides = np.array(
        [
            float(line.split(",")[-1])
            for line in project.root.joinpath("data/rides.csv").open().readlines()[1:]
        ]
    )
    assert (rides <= pq.read_table("out.parquet").column("prediction").to_numpy()).mean() == pytest.approx(
        0.9, abs=0.02
    )
    assert reproduce(project.session(), ReproduceRequest(selector="demand@1")).data.equal
    lines = [line.text for one in card(project.session(), CardRequest()).data.sections for line in one.lines]
    assert "rides (regression, quantile 0.9)" in lines


def test_another_quantile_is_another_question(demand):
    project = demand()
    train(project.session(), TrainRequest())
    promote(project.session(), PromoteRequest())
    project = demand(level=0.5)
    steps = {one.step: one for one in plan(project.session(), PlanRequest()).data.steps}
    assert "the spec has changed since the newest run: quantile" in steps["train demand"].why
    assert train(project.session(), TrainRequest()).data.version == 2
    found = evaluate(project.session(), EvalRequest(model="demand@2")).data
    assert found.incumbent.verdict == "none"
    assert found.incumbent.why == "version 1 predicts rides (regression, quantile 0.9)"
    assert abs(found.metrics["coverage"].value) < 0.15


def test_models_of_different_quantiles_are_not_compared(demand):
    project = demand()
    train(project.session(), TrainRequest())
    train(demand(level=0.5).session(), TrainRequest())
    found = diff(project.session(), DiffRequest(old="demand@1", new="demand@2")).data
    assert ("spec", "quantile") in {(change.kind, change.name) for change in found.changes}
    assert (found.comparable, found.apart) == (False, None)
    assert found.why == "of rides (regression, quantile 0.9) and rides (regression, quantile 0.5)"
    assert {(one.difference, one.low, one.high) for one in found.metrics} == {(None, None, None)}
    with pytest.raises(UsageError, match=r"their quantile is 0\.9 and 0\.5"):
        why(project.session(), WhyRequest(old="demand@1", new="demand@2"))
    sides = []
    for number in (1, 2):
        version = resolve_model(project.session(), f"demand@{number}")
        run = run_of(project.session(), version.version)
        sides.append(Side(label=f"demand@{number}", number=number, digest=version.digest, run=run))
    assert told_apart(project.session(), *sides) is None


def test_gates_hold_a_quantile(demand):
    project = demand(gates=GATES.replace("max = 2.0", "max = 0.01"))
    train(project.session(), TrainRequest())
    with pytest.raises(GateRefused, match="pinball"):
        promote(project.session(), PromoteRequest())


def test_an_estimator_of_another_quantile_is_refused_before_anything_is_fitted(demand):
    with pytest.raises(UsageError, match=r"quantile = 0\.2 of QuantileRegressor does not aim at"):
        train(demand(params="{ quantile = 0.2 }").session(), TrainRequest())
