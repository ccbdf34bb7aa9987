"""redo on a real store: brings back what was undone, if nothing has moved since."""

import pytest

from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.session import Session
from mlctl.verbs.redo import redo
from mlctl.verbs.undo import undo
from tests.store import full


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


@pytest.mark.usefixtures("life")
def test_undoing_twice_by_number_and_redoing_what_stands_are_refused(session):
    undo(session, UndoRequest(number=6))
    with pytest.raises(NameMoved, match="undone already"):
        undo(session, UndoRequest(number=6))
    with pytest.raises(NotFound, match="not undone"):
        redo(session, RedoRequest(number=5))
    with pytest.raises(NotFound, match="no decision 99"):
        undo(session, UndoRequest(number=99))


def test_a_redo_of_what_was_overtaken_is_a_conflict(session, life):
    undo(session, UndoRequest())
    full.decide(session.repository, "promote", stages__demand__production=life["two"])
    with pytest.raises(NameMoved, match="has moved since decision 6 was undone"):
        redo(session, RedoRequest())
