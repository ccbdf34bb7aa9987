"""A retired version: no stage gets it again, whoever asks, and its facts stay."""

import pytest

from mlctl.domain.errors import GateRefused, NameMoved, NotFound, UsageError
from mlctl.domain.model import ModelVersion
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.models import ModelsRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.retire import RetireRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.log import log
from mlctl.verbs.models import models
from mlctl.verbs.promote import promote
from mlctl.verbs.retire import retire
from mlctl.verbs.rollback import rollback
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import spec
from tests.verbs.teams import team

assert team  # a fixture
WHY = "learnt from rows that we may not use"


def retired(project, model, reason=WHY, **more):
    return retire(project.session(), RetireRequest(model=model, reason=reason, **more)).data


@pytest.fixture
def three(learner):
    """A stage that has held versions 1, 2 and 3, each a refit."""
    learner.write("mlctl.toml", spec())
    for alpha in ("0.1", "0.2", "0.3"):
        train(learner.session(), TrainRequest(set=(f"alpha={alpha}",)))
        promote(learner.session(), PromoteRequest())
    return learner


def test_it_is_not_promoted_again_not_even_by_force_until_it_is_undone(three):
    made = retired(three, "demand@2")
    assert (made.version, made.changed) == (2, True)
    for more in ({}, {"force": True, "reason": "please"}):
        with pytest.raises(GateRefused) as raised:
            promote(three.session(), PromoteRequest(model="demand@2", **more))
        reasons = {reason["gate"]: reason["why"] for reason in raised.value.facts["reasons"]}
        assert "by Ada" in reasons["retired"]
        assert WHY in reasons["retired"]
        assert not [hint for hint in raised.value.hints if "--force" in hint]
    assert three.session().repository.facts.has(ModelVersion, made.digest)
    undo(three.session(), UndoRequest(number=made.decision))
    assert promote(three.session(), PromoteRequest(model="demand@2")).data.changed


def test_a_rollback_passes_it_over(three):
    retired(three, "demand@2")
    assert rollback(three.session(), RollbackRequest()).data.version == 1
    with pytest.raises(NotFound, match="held nothing before version 1"):
        rollback(three.session(), RollbackRequest())


def test_where_all_before_are_retired_there_is_nothing_to_go_back_to(three):
    retired(three, "demand@1")
    retired(three, "demand@2")
    with pytest.raises(NotFound, match="held nothing that is not retired before version 3"):
        rollback(three.session(), RollbackRequest())


def test_an_undo_does_not_bring_it_back_to_a_stage(three):
    moved = three.session().repository.decisions.names().last_effect("stages/demand/production")
    retired(three, "demand@2")
    with pytest.raises(NameMoved, match="version 2 is retired"):
        undo(three.session(), UndoRequest(number=moved))


def test_not_while_a_stage_holds_it(three):
    with pytest.raises(NameMoved, match="production holds demand@3") as raised:
        retired(three, "demand@3")
    assert raised.value.hints == ("mlctl rollback production --model demand",)


def test_it_needs_a_version_and_a_reason_and_the_second_time_does_nothing(three):
    with pytest.raises(UsageError, match="which version"):
        retired(three, "demand")
    with pytest.raises(UsageError, match="--reason"):
        retired(three, "demand@1", reason=None)
    decisions = three.decisions()
    assert retired(three, "demand@1", dry_run=True).changed
    assert three.decisions() == decisions
    first = retired(three, "demand@1")
    again = retired(three, "demand@1")
    assert (again.changed, again.decision) == (False, first.decision)


def test_models_and_log_say_it(three):
    retired(three, "demand@2")
    rows = models(three.session(), ModelsRequest()).data.models[0].versions
    assert [bool(row.retired) for row in rows] == [False, True, False]
    assert log(three.session(), LogRequest(limit=1)).data.decisions[0].summary == ("demand@2 retired",)


def test_a_retirement_that_was_decided_offline_waits_where_a_stage_holds_the_version_now(team):
    first, second = team.shared(), team.clone("second")
    second.pull()
    away = team.folder / "away"
    team.remote.rename(away)
    retire(second.session(), RetireRequest(model="demand@1", reason=WHY))
    away.rename(team.remote)
    first.promote(team.one)
    first.push()
    with pytest.raises(NameMoved, match="production holds what it retires"):
        second.push()
