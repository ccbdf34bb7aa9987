"""undo on a real store: takes back the last effect, and refuses whatever is not that."""

import pytest

from mlctl.domain.errors import NameMoved, NotFound, UsageError
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.session import Session
from mlctl.verbs.fsck import fsck
from mlctl.verbs.log import log
from mlctl.verbs.redo import redo
from mlctl.verbs.undo import undo
from tests.store import full

STAGE = "stages/demand/production"


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


def value(session, name=STAGE):
    return session.repository.decisions.names().value(name)


def test_undo_returns_the_stage_and_redo_brings_it_back(session, life):
    done = undo(session, UndoRequest(reason="wrong ticket")).data
    assert (done.undone, done.kind, done.decision, done.changed) == (6, "promote", 7, True)
    assert value(session) == life["one"]
    done = redo(session, RedoRequest()).data
    assert (done.redone, done.decision) == (6, 8)
    assert value(session) == life["two"]
    newest = log(session, LogRequest(limit=2)).data.decisions
    assert [(row.number, row.kind, row.undoes) for row in newest] == [(8, "redo", 6), (7, "undo", 6)]
    assert newest[1].reason == "wrong ticket"


def test_undo_twice_walks_back_two_and_nothing_but_the_beginning_stays(session, life):
    assert [undo(session, UndoRequest()).data.undone for _ in range(5)] == [6, 5, 4, 3, 2]
    assert session.repository.decisions.names().under("") == {"repository": session.repository.id}
    with pytest.raises(NotFound, match="nothing to undo"):
        undo(session, UndoRequest())
    assert [redo(session, RedoRequest()).data.redone for _ in range(5)] == [2, 3, 4, 5, 6]
    assert value(session) == life["two"]
    with pytest.raises(NotFound, match="nothing to redo"):
        redo(session, RedoRequest())
    assert fsck(session, FsckRequest()).data.clean


@pytest.mark.usefixtures("life")
def test_a_name_that_moved_since_is_a_conflict_that_says_by_what(session):
    with pytest.raises(NameMoved, match="by decision 6") as caught:
        undo(session, UndoRequest(number=5))
    assert caught.value.exit_code == 30
    assert caught.value.hints == ("mlctl undo 6",)


def test_a_name_that_moved_away_and_back_is_still_a_conflict(session, life):
    full.decide(session.repository, "promote", stages__demand__production=life["one"])
    assert value(session) == life["one"]
    with pytest.raises(NameMoved):
        undo(session, UndoRequest(number=5))


@pytest.mark.usefixtures("life")
def test_a_version_that_a_stage_holds_is_not_withdrawn(session):
    with pytest.raises(NameMoved, match=f"{STAGE} needs") as caught:
        undo(session, UndoRequest(number=4))
    assert caught.value.hints == ("mlctl undo 6",)
    assert undo(session, UndoRequest(number=6)).data.changed
    assert undo(session, UndoRequest(number=4)).data.changed
    with pytest.raises(NameMoved, match="needs"):
        redo(session, RedoRequest(number=6))


def test_an_undo_that_would_give_a_stage_a_withdrawn_version_is_refused(session, life):
    undo(session, UndoRequest(number=6))
    full.decide(session.repository, "promote", stages__demand__production=life["two"])
    undo(session, UndoRequest())
    full.decide(session.repository, "promote", stages__demand__production=None)
    full.decide(session.repository, "withdraw", models__demand__1=None)
    number = session.repository.decisions.names().head - 1
    with pytest.raises(NameMoved, match="needs"):
        undo(session, UndoRequest(number=number))


@pytest.mark.parametrize(("number", "hint"), [(1, "mlctl log"), (7, "mlctl redo 6"), (8, "mlctl undo 6")])
@pytest.mark.usefixtures("life")
def test_the_beginning_and_undos_themselves_are_not_undone(session, number, hint):
    undo(session, UndoRequest())
    redo(session, RedoRequest())
    with pytest.raises(UsageError) as caught:
        undo(session, UndoRequest(number=number))
    assert caught.value.hints == (hint,)


@pytest.mark.usefixtures("life")
def test_a_dry_run_says_the_same_and_changes_nothing(session):
    planned = undo(session, UndoRequest(dry_run=True)).data
    assert (planned.undone, planned.decision, planned.changed) == (6, None, False)
    assert session.repository.decisions.names().head == 6
    done = undo(session, UndoRequest()).data
    assert done.changes == planned.changes
    assert redo(session, RedoRequest(dry_run=True)).data.redone == 6
    with pytest.raises(NameMoved, match="needs"):
        undo(session, UndoRequest(number=3, dry_run=True))


@pytest.mark.usefixtures("life")
def test_a_withdrawn_number_is_not_given_again(session):
    undo(session, UndoRequest(number=6))
    undo(session, UndoRequest(number=4))
    names = session.repository.decisions.names()
    assert list(names.versions("models/demand")) == [1]
    assert names.next_number("models/demand") == 3
