"""Publishing at once: what is decided is everybody's if the remote answers, and waits if it does not."""

from mlctl.domain.requests.rollback import RollbackRequest
from mlctl.domain.sharing import PENDING
from mlctl.transport.publishing import final_number, publish_waiting
from mlctl.verbs.rollback import rollback
from tests.store import full
from tests.verbs.teams import team

assert team  # a fixture


def test_what_waits_is_published_and_its_number_is_known(team):
    first = team.shared()
    full.add_labels(first.repository)
    session = first.session()
    publish_waiting(session)
    assert session.warnings == ()
    assert final_number(session, PENDING + 1) == 4
    assert final_number(session, 3) == 3


def test_a_remote_that_does_not_answer_is_a_warning_and_the_decision_waits(team):
    first = team.shared()
    two = first.model(2, team.dataset)
    for digest in (team.one, two):
        first.promote(digest)
    first.push()
    team.remote.rename(team.folder / "away")
    done = rollback(first.session(), RollbackRequest()).data
    assert (done.published, done.decision) == (False, PENDING + 4)
    assert first.stage() == team.one
    session = first.session()
    publish_waiting(session)
    assert "not published yet" in session.warnings[0]


def test_two_rollbacks_at_once_both_walk_on_from_what_the_other_left(team):
    first, second = team.shared(), team.clone("second")
    versions = [team.one, first.model(2, team.dataset), first.model(3, team.dataset)]
    for digest in versions:
        first.promote(digest)
    first.push()
    second.pull()
    assert rollback(first.session(), RollbackRequest()).data.version == 2
    done = rollback(second.session(), RollbackRequest()).data  # it fetches first
    assert (done.version, done.previous, done.published) == (1, 2, True)
