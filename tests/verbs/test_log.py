"""The log: newest first, limited, filtered, with names that people use."""

import itertools

import pytest

from mlctl.domain.requests.log import LogRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.project.session import Session
from mlctl.verbs.log import log
from mlctl.verbs.undo import undo
from tests.store import full

STAGE = "stages/demand/production"


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


@pytest.mark.usefixtures("life")
def test_the_log_is_newest_first_and_can_be_limited_and_filtered(session):
    undo(session, UndoRequest())
    rows = log(session, LogRequest()).data.decisions
    assert [row.number for row in rows] == [7, 6, 5, 4, 3, 2, 1]
    assert [row.number for row in rows if row.undone] == [6]
    assert all(newer.parent == older.sha256 for newer, older in itertools.pairwise(rows))
    assert [row.number for row in log(session, LogRequest(limit=2)).data.decisions] == [7, 6]
    assert [row.number for row in log(session, LogRequest(name="rides")).data.decisions] == [2]
    assert [row.number for row in log(session, LogRequest(name="demand", limit=3)).data.decisions] == [
        7,
        6,
        5,
    ]
    assert [row.number for row in log(session, LogRequest(name=STAGE)).data.decisions] == [7, 6, 5]
    assert [row.number for row in log(session, LogRequest(name="models")).data.decisions] == [4, 3]
    assert log(session, LogRequest(name="demandx")).data.decisions == ()


@pytest.mark.usefixtures("life")
def test_the_log_calls_versions_by_their_numbers(session):
    rows = log(session, LogRequest(limit=4)).data.decisions
    assert [row.summary for row in rows] == [
        (f"{STAGE} → demand@2",),
        (f"{STAGE} → demand@1",),
        ("models/demand/2",),
        ("models/demand/1",),
    ]
    full.decide(session.repository, "withdraw", stages__demand__production=None)
    assert log(session, LogRequest(limit=1)).data.decisions[0].summary == (f"{STAGE} withdrawn",)
