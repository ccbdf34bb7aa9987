"""What was live at a moment: fifty promotions, rollbacks, undos and redos, held against a replay by hand."""

import random

import pytest

from mlctl.domain.errors import MlctlError, NotFound
from mlctl.domain.requests.promote import PromoteRequest
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.resolve import resolve_model
from mlctl.verbs.promote import promote
from mlctl.verbs.redo import redo
from mlctl.verbs.rollback import rollback
from mlctl.verbs.train import train
from mlctl.verbs.undo import undo
from tests.verbs.learner import spec

EVENTS = 50


class ByHand:
    """A stage as a person would follow it on paper: what it holds, what it held, what was taken back."""

    def __init__(self):
        self.standing = []  # (kind, version that the stage holds after it)
        self.undone = []

    @property
    def live(self):
        return self.standing[-1][1] if self.standing else None

    def promote(self, version):
        if version == self.live:
            return False
        self.standing.append(("promote", version))
        self.undone.clear()
        return True

    def rollback(self):
        """Back to what was held before the promotion that stands: a decision of its own."""
        held = []
        for kind, version in self.standing:
            held = held[:-1] if kind == "rollback" else [*held, version]
        if len(held) < 2:
            return False
        self.standing.append(("rollback", held[-2]))
        self.undone.clear()
        return True

    def undo(self):
        if not self.standing:
            return False
        self.undone.append(self.standing.pop())
        return True

    def redo(self):
        if not self.undone:
            return False
        self.standing.append(self.undone.pop())
        return True


def act_of(project, act, version, number, *, moved):
    """Do it as people do; an undo with nothing left of the stage would take back a training."""
    session, reason = project.session(), f"event {number}"
    if act == "promote":
        promote(session, PromoteRequest(model=f"demand@{version}", force=True, reason=reason))
    elif act == "rollback":
        rollback(session, RollbackRequest(reason=reason))
    elif act == "undo" and moved:
        undo(session, UndoRequest(reason=reason))
    elif act == "redo":
        redo(session, RedoRequest())


def newest(project):
    decisions = project.session().repository.decisions
    return decisions.get(decisions.names().head).entry


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_live_at_any_moment_is_what_a_replay_by_hand_says(learner, seed):
    learner.write("mlctl.toml", spec(refit="none"))
    for alpha in (1.0, 2.0, 3.0, 4.0):
        train(learner.session(), TrainRequest(set=(f"alpha={alpha}",)))
    chance, hand = random.Random(seed), ByHand()  # noqa: S311 - a schedule, no secret
    history = []
    for number in range(EVENTS):
        act = chance.choice(("promote", "promote", "promote", "rollback", "undo", "redo"))
        version = chance.randint(1, 4)
        moved = getattr(hand, act)(*([version] if act == "promote" else []))
        before = newest(learner).number
        try:
            act_of(learner, act, version, number, moved=moved)
        except MlctlError:
            assert not moved, (number, act)
        entry = newest(learner)
        assert (entry.number > before) == moved, (number, act)
        if moved:
            history.append((entry.committed_at, hand.live))
    assert len(history) > EVENTS // 2
    for (moment, live), later in zip(history, [*history[1:], (None, None)], strict=True):
        if later[0] == moment:
            continue  # two decisions of one millisecond
        selector = f"demand@production@{{{moment}}}"
        if live is None:
            with pytest.raises(NotFound):
                resolve_model(learner.session(), selector)
        else:
            assert resolve_model(learner.session(), selector).number == live, moment
