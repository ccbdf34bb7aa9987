"""Small losses do not add up: a candidate is held against the last proven champion as well."""

import pytest

from mlctl.domain.errors import GateRefused
from mlctl.domain.evaluation import Evaluation
from mlctl.domain.requests.eval import EvalRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.verbs.eval import eval as evaluate
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from tests.verbs.learner import spec

GATES = '[model.demand.gates.production]\nmae = { incumbent = "not_worse", margin = "10%" }\n'


def tried(project, alpha):
    made = train(project.session(), TrainRequest(set=(f"alpha={alpha}",))).data
    return made.metrics["mae"], promote(
        project.session(), PromoteRequest(model=f"demand@{made.version}")
    ).data


def champion(project):
    found = evaluate(project.session(), EvalRequest()).data
    return project.session().repository.facts.get(Evaluation, found.evaluation).champion


@pytest.fixture
def lenient(learner):
    """A project whose gate lets losses of a tenth pass; a good model is in production."""
    learner.write("mlctl.toml", spec(refit="none", gates=GATES))
    tried(learner, 1)
    return learner


def test_each_loss_passes_alone_and_their_sum_does_not(lenient):
    tried(lenient, 40)
    with pytest.raises(GateRefused) as caught:
        tried(lenient, 75)
    (reason,) = caught.value.facts["reasons"]
    assert reason["gate"] == "mae.not_worse (champion)"
    assert "version 1, the last that was shown to be better" in reason["why"]


def test_the_champion_is_told_in_the_evaluation_where_it_is_not_the_incumbent(lenient):
    train(lenient.session(), TrainRequest(set=("alpha=40",)))
    assert champion(lenient) is None
    promote(lenient.session(), PromoteRequest())
    train(lenient.session(), TrainRequest(set=("alpha=41",)))
    found = champion(lenient)
    assert found.version == 1
    assert found.metrics["mae"].difference > 0


def test_evidence_of_a_gain_makes_a_new_champion(lenient):
    lenient.write("mlctl.toml", spec(refit="none", gates=""))
    tried(lenient, 400)
    tried(lenient, 2)  # better than the version before it
    train(lenient.session(), TrainRequest(set=("alpha=3",)))
    assert champion(lenient) is None
