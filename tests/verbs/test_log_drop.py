"""`log drop`: what is given up with it, and what may not be."""

import pytest

from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.requests.log_drop import LogDropRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.sharing import PENDING
from mlctl.verbs.log_drop import log_drop
from mlctl.verbs.undo import undo
from tests.store import full
from tests.verbs.teams import team

assert team  # a fixture


def dropped(member, decision, **more):
    return log_drop(member.session(), LogDropRequest(decision=decision, **more)).data.dropped


def test_it_goes_with_what_depends_on_it_and_its_numbers_are_not_given_again(team):
    first = team.shared()
    two = first.model(2, team.dataset)
    first.promote(two)
    undo(first.session(), UndoRequest())
    full.add_labels(first.repository)
    assert dropped(first, "p1", dry_run=True) == ("p1", "p2", "p3")
    assert dropped(first, "p1") == ("p1", "p2", "p3")
    assert first.versions() == {1: team.one}
    assert first.repository.decisions.names().next_number("models/demand") == 3
    assert [one.pending for one in first.push().published] == ["p4"]


@pytest.mark.parametrize("decision", ["p9", "2", "x"])
def test_only_what_waits_can_be_dropped(team, decision):
    first = team.shared()
    with pytest.raises(NotFound, match="does not wait"):
        dropped(first, decision)


def test_one_that_may_be_on_its_way_is_not_dropped(team):
    first = team.shared()
    first.promote(team.one)
    first.repository.decisions.pending.mark_sent(PENDING + 1, 4)
    with pytest.raises(NameMoved, match="may have been published"):
        dropped(first, "p1")
    first.push()
    assert first.stage() == team.one
