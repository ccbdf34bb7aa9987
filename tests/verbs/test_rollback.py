import pytest

from mlctl.domain.errors import NotFound
from mlctl.domain.requests.build import BuildRequest
from mlctl.domain.requests.plan import PlanRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.build import build
from mlctl.verbs.plan import plan
from mlctl.verbs.promote import promote
from mlctl.verbs.rollback import rollback
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import spec


@pytest.fixture
def three(learner):
    """A stage that has held versions 1, 2 and 3."""
    learner.write("mlctl.toml", spec(refit="none"))
    for alpha in ("0.1", "0.2", "0.3"):
        train(learner.session(), TrainRequest(set=(f"alpha={alpha}",)))
        promote(learner.session(), PromoteRequest())
    return learner


def back(project, **request):
    return rollback(project.session(), RollbackRequest(**request)).data


def test_twice_walks_back_two_and_a_third_time_there_is_nothing(three):
    first = back(three, reason="it was worse")
    assert (first.version, first.previous, first.changed) == (2, 3, True)
    assert three.session().repository.decisions.get(first.decision).entry.reason == "it was worse"
    assert back(three).version == 1
    with pytest.raises(NotFound, match="held nothing before version 1"):
        back(three)


def test_a_promotion_after_a_rollback_is_rolled_back_to_what_it_replaced(three):
    back(three)
    back(three)
    promote(three.session(), PromoteRequest(model="demand@3"))
    assert back(three).version == 1


def test_undo_takes_a_rollback_back(three):
    back(three)
    undo(three.session(), UndoRequest())
    assert back(three).version == 2


def test_a_dry_run_says_where_it_would_go(three):
    decisions = three.decisions()
    planned = back(three, dry_run=True)
    assert (planned.version, planned.previous, planned.decision) == (2, 3, None)
    assert three.decisions() == decisions


def test_a_stage_that_holds_nothing_has_nowhere_to_go(learner):
    with pytest.raises(NotFound, match="holds nothing"):
        back(learner)
    with pytest.raises(NotFound, match="holds nothing"):
        back(learner, stage="staging", model="demand")


def test_a_version_that_was_rolled_back_from_is_not_promoted_again_by_plan_status_or_build(three):
    back(three)
    three.write("mlctl.toml", spec(refit="none", params="{ alpha = 0.3 }"))  # what version 3 was made of
    steps = {step.step: step for step in plan(three.session(), PlanRequest()).data.steps}
    assert steps["promote demand"].state == "fresh"
    assert "was moved back from demand@3" in steps["promote demand"].why[0]
    (model,) = status(three.session(), StatusRequest()).data.models
    assert not [stale for stale in model.stale if stale.what.startswith("promote")]
    build(three.session(), BuildRequest())
    (model,) = status(three.session(), StatusRequest()).data.models
    assert model.stages == {"production": 2}
