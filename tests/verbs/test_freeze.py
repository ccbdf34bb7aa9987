"""A frozen stage: who is refused, what overrides it, when it ends."""

from datetime import timedelta

import pytest

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import GateRefused, NameMoved, NotFound, UsageError
from mlctl.domain.requests.freeze import FreezeRequest
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.models import ModelsRequest
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.status import StatusRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.verbs.freeze import freeze
from mlctl.verbs.log import log
from mlctl.verbs.models import models
from mlctl.verbs.promote import promote
from mlctl.verbs.rollback import rollback
from mlctl.verbs.status import status
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.store import full
from tests.verbs.learner import spec
from tests.verbs.teams import team

assert team  # a fixture
WHY = "holidays"


def frozen(project, stage="production", reason=WHY, **more):
    return freeze(project.session(), FreezeRequest(stage=stage, reason=reason, **more)).data


@pytest.fixture
def two(learner):
    """Production holds version 2 and has held version 1; version 3 waits."""
    learner.write("mlctl.toml", spec(refit="none"))
    for alpha in ("0.1", "0.2"):
        train(learner.session(), TrainRequest(set=(f"alpha={alpha}",)))
        promote(learner.session(), PromoteRequest())
    train(learner.session(), TrainRequest(set=("alpha=0.3",)))
    return learner


def test_a_promotion_is_refused_with_who_when_why_and_until_when(two):
    made = frozen(two, until="2030-02-01")
    assert (made.model, made.until, made.changed) == ("demand", "2030-02-01T00:00:00.000Z", True)
    with pytest.raises(GateRefused) as raised:
        promote(two.session(), PromoteRequest())
    (reason,) = raised.value.facts["reasons"]
    assert reason["gate"] == "frozen"
    for said in ("by Ada since 2030-01-01T12:00", "until 2030-02-01T00:00:00.000Z", f"“{WHY}”"):
        assert said in reason["why"]
    assert promote(two.session(), PromoteRequest(to="staging")).data.changed


def test_force_moves_it_and_the_record_keeps_what_was_overridden(two):
    frozen(two)
    found = promote(two.session(), PromoteRequest(force=True, reason="an outage")).data
    entry = two.session().repository.decisions.get(found.decision).entry
    assert (found.forced, entry.evidence["reasons"][0]["gate"]) == (True, "frozen")
    back = rollback(two.session(), RollbackRequest(force=True, reason="worse")).data
    entry = two.session().repository.decisions.get(back.decision).entry
    assert (back.version, entry.evidence["forced"], entry.evidence["reasons"][0]["gate"]) == (
        2,
        True,
        "frozen",
    )


def test_a_rollback_by_hand_is_refused_and_forcing_needs_a_reason(two):
    frozen(two)
    with pytest.raises(GateRefused, match="frozen by Ada") as raised:
        rollback(two.session(), RollbackRequest())
    assert (raised.value.data.changed, raised.value.data.refused, raised.value.data.previous) == (
        False,
        True,
        2,
    )
    with pytest.raises(UsageError, match="--reason"):
        rollback(two.session(), RollbackRequest(force=True))


def test_an_undo_that_would_move_the_stage_is_refused_and_one_of_the_freeze_is_not(two):
    decisions = two.session().repository.decisions
    moved = decisions.names().last_effect("stages/demand/production")
    frozen(two)
    with pytest.raises(NameMoved, match="frozen"):
        undo(two.session(), UndoRequest(number=moved))
    assert undo(two.session(), UndoRequest()).data.kind == "freeze stage"
    assert promote(two.session(), PromoteRequest()).data.changed


def test_the_same_freeze_again_decides_nothing_and_another_time_replaces_it(two):
    first = frozen(two)
    assert (frozen(two).changed, frozen(two).decision) == (False, first.decision)
    assert frozen(two, until="14d").changed
    other = frozen(two, until="14d", reason="an audit")
    undo(two.session(), UndoRequest(number=other.decision))
    assert WHY in models(two.session(), ModelsRequest()).data.models[0].frozen["production"]


def test_a_freeze_ends_by_itself(two):
    frozen(two, until="1h")
    later = two.session()
    moment = later.clock() + timedelta(hours=1)
    later.clock = lambda: moment
    assert promote(later, PromoteRequest()).data.changed


def test_a_time_that_is_none_or_has_passed_and_a_missing_reason_are_refused(two):
    for until, why in (("soon", "is no time"), ("2029-12-31", "has passed"), ("0d", "has passed")):
        with pytest.raises(UsageError, match=why):
            frozen(two, until=until)
    with pytest.raises(UsageError, match="--reason"):
        frozen(two, reason=None)
    with pytest.raises(NotFound) as raised:
        frozen(two, stage="demand@prodution")
    assert raised.value.hints == ('mlctl freeze demand@production --reason "why it stays"',)


def test_a_dry_run_says_what_would_be_and_freezes_nothing(two):
    decisions = two.decisions()
    assert frozen(two, dry_run=True).changed
    assert two.decisions() == decisions


def test_models_status_and_log_say_it(two):
    frozen(two, until="2030-02-01")
    row = models(two.session(), ModelsRequest()).data.models[0]
    assert f"“{WHY}”" in row.frozen["production"]
    shown = status(two.session(), StatusRequest()).data.models[0]
    assert shown.frozen == row.frozen
    assert "promote demand" not in [one.what for one in shown.stale if "production" in one.why]
    newest = log(two.session(), LogRequest(limit=1)).data.decisions[0]
    assert newest.summary == ("demand@production frozen until 2030-02-01T00:00:00.000Z",)


def test_what_was_decided_offline_waits_where_somebody_has_frozen_the_stage(team):
    first, second = team.shared(), team.clone("second")
    for digest in (team.one, first.model(2, team.dataset)):
        first.promote(digest)
    first.push()
    second.pull()
    away = team.folder / "away"
    team.remote.rename(away)
    rollback(second.session(), RollbackRequest())
    away.rename(team.remote)
    name = "frozen/demand/production"
    first.repository.decisions.commit(
        lambda _names: Draft(
            kind="freeze stage", changes=(Change(name=name, old=None, new="unfrozen"),), reason=WHY
        ),
        actor=full.ACTOR,
        command="mlctl freeze production",
        now=lambda: full.T,
    )
    first.push()
    with pytest.raises(NameMoved, match=f"production is frozen by u .*“{WHY}”"):
        second.push()
