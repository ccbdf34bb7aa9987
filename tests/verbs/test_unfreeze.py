import pytest

from mlctl.domain.errors import InvalidName
from mlctl.domain.requests.freeze import FreezeRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.unfreeze import UnfreezeRequest
from mlctl.verbs.freeze import freeze
from mlctl.verbs.promote import promote
from mlctl.verbs.train import train
from mlctl.verbs.unfreeze import unfreeze


def thawed(project, stage="production", **more):
    return unfreeze(project.session(), UnfreezeRequest(stage=stage, **more)).data


def test_the_stage_moves_again_and_a_second_time_there_is_nothing_to_do(learner):
    train(learner.session(), TrainRequest())
    freeze(learner.session(), FreezeRequest(stage="production", reason="audit"))
    decisions = learner.decisions()
    assert thawed(learner, dry_run=True).changed
    assert learner.decisions() == decisions
    done = thawed(learner, "demand@production", reason="it is over")
    assert (done.model, done.stage, done.changed, done.decision) == (
        "demand",
        "production",
        True,
        decisions + 1,
    )
    assert not thawed(learner).changed
    assert promote(learner.session(), PromoteRequest()).data.changed


def test_what_cannot_name_a_stage_is_refused(learner):
    with pytest.raises(InvalidName):
        thawed(learner, "Production")
