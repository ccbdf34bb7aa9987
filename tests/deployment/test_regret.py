import msgspec
import numpy as np
import pyarrow as pa
import pytest

from mlctl.deployment.answered import Answered
from mlctl.deployment.regret import look_back
from mlctl.deployment.view import View
from mlctl.deployment.watched import deployed_version
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.project.session import Session
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import spec

DAYS = 40


class Result(msgspec.Struct):
    """The part of a monitor's result that looking back asks for."""

    model: str = "demand"
    stage: str = "production"


def promote_by_loop(project):
    opened = project.session()
    actor = msgspec.structs.replace(opened.actor, via="loop")
    looping = Session(opened.repository, clock=opened.clock, actor=actor)
    promote(looping, PromoteRequest(force=True, reason="a test"))


def looked_back(project, table, truth):
    """What is done about rows that the deployed model has answered, two a day."""
    session = project.session()
    names = session.repository.decisions.names()
    deployed = deployed_version(session, "demand", "production", names)
    assert isinstance(deployed.model, ModelVersion)
    view = View(
        result=Result(),
        seen=None,
        answered=Answered(
            table=table,
            time=np.datetime64("2012-03-01", "ms") + np.arange(DAYS) * np.timedelta64(12, "h"),
            digests=np.array([deployed.digest] * DAYS),
            observed=pa.chunked_array([pa.array(truth)]),
            clock="event",
        ),
        known={deployed.digest: deployed},
        deployed=deployed,
        rules=None,
    )
    return look_back(session, view, names, dry_run=True)


def test_a_model_before_that_cannot_answer_todays_rows_is_not_regretted(learner):
    """The new model dropped a feature, so requests do not carry it any more."""
    train(learner.session(), TrainRequest())
    promote(learner.session(), PromoteRequest())
    learner.write("mlctl.toml", spec().replace('baseline = "mean"', 'baseline = "mean"\nexclude = ["wind"]'))
    train(learner.session(), TrainRequest())
    promote_by_loop(learner)
    table = pa.table({"temp": np.zeros(DAYS), "mlctl.output": np.full(DAYS, 90.0)})
    assert looked_back(learner, table, np.full(DAYS, 50.0)) is None


@pytest.fixture
def late(learner):
    """A project in which "yes" grows likely with the temperature; declared with a decision of one's own."""
    random = np.random.default_rng(0)
    temp = random.normal(size=400).round(3)
    yes = random.random(400) < 1 / (1 + np.exp(1 - 2 * temp))
    days = np.datetime64("2011-01-01") + np.arange(400)
    lines = [f"{n},{days[n]},{temp[n]},{'yes' if yes[n] else 'no'}" for n in range(400)]
    learner.write("data/rides.csv", "\n".join(["id,day,temp,rides", *lines]) + "\n")

    def declare(decision, strength):
        text = spec("sklearn.linear_model:LogisticRegression", params=f"{{ C = {strength} }}", gates="")
        text = text.replace('baseline = "mean"', 'task = "binary"\npositive = "yes"\nbaseline = "prior"')
        learner.write(
            "mlctl.toml", text.replace('metrics = ["mae", "r2"]', f'metrics = ["roc_auc"]\n{decision}')
        )
        train(learner.session(), TrainRequest())
        return learner

    return declare


DEAR = "costs = { false_positive = 1, false_negative = 20 }"


@pytest.mark.parametrize("decision", [DEAR, "threshold = 0.05"])
def test_what_wrong_answers_cost_is_regretted_and_not_their_number(late, decision):
    promote(late(decision, 1.0).session(), PromoteRequest(force=True, reason="a test"))
    project = late(decision, 0.5)
    promote_by_loop(project)
    cold = pa.table({"temp": np.full(DAYS, -3.0), "mlctl.output": ["yes"] * DAYS})
    seldom = ["yes" if n % 10 == 0 else "no" for n in range(DAYS)]
    assert (
        looked_back(project, cold, seldom) is None
    )  # nine of ten are wrong, and cheap: the one before says "no"
    hot = pa.table({"temp": np.full(DAYS, 3.0), "mlctl.output": ["no"] * DAYS})
    often = ["yes" if n % 2 else "no" for n in range(DAYS)]
    assert looked_back(project, hot, often).action == "rollback"


@pytest.mark.parametrize("before", ["", "threshold = 0.5", DEAR.replace("20", "5")])
def test_a_model_that_decided_by_other_costs_is_not_judged(late, before):
    promote(late(before, 1.0).session(), PromoteRequest(force=True, reason="a test"))
    project = late(DEAR, 0.5)
    promote_by_loop(project)
    cold = pa.table({"temp": np.full(DAYS, -3.0), "mlctl.output": ["yes"] * DAYS})
    assert looked_back(project, cold, ["no"] * DAYS) is None
