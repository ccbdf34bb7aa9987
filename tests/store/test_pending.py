"""The chain of what waits for publication: exclusive, never reused, on top of the log; and joining a log."""

import os

import pytest

from mlctl.domain.decision import Change, Draft
from mlctl.domain.errors import Corrupt, NameMoved, NotFound
from mlctl.domain.requests.redo import RedoRequest
from mlctl.domain.requests.undo import UndoRequest
from mlctl.domain.sharing import PENDING
from mlctl.project.session import Session
from mlctl.store import files
from mlctl.store.joining import give_way, join, stage
from mlctl.store.locks import rearranging
from mlctl.store.pending import Dropped
from mlctl.store.repository import Repository
from mlctl.store.verify import verify
from mlctl.verbs.redo import redo
from mlctl.verbs.undo import undo
from tests.store.conftest import ACTOR
from tests.store.test_decisions import writer

P1, P2, P3 = PENDING + 1, PENDING + 2, PENDING + 3


@pytest.fixture
def following(repository):
    join(repository.decisions.pending)
    return repository


def drop(repository, number):
    mark = Dropped(at="2026-11-02T00:00:00.000Z", actor=ACTOR, command="")
    repository.decisions.pending.mark_dropped(number, mark)


def again(repository):
    return Repository.find(repository.root).decisions


def test_a_decision_waits_in_the_chain_and_counts(following, move):
    assert move({"labels/m/x": "a"}) == P1
    assert move({"labels/m/x": "b"}) == P2
    decisions = again(following)
    assert decisions.names().value("labels/m/x") == "b"
    assert decisions.shared().value("labels/m/x") is None
    assert decisions.names().head == 1
    assert not following.layout.decision(2).exists()
    assert [one.entry.number for one in decisions.entries()] == [1, P1, P2]


def test_without_a_remote_nothing_in_pending_is_written(repository, move):
    assert move({"labels/m/x": "a"}) == 2
    assert list(repository.layout.pending.iterdir()) == []


def test_eight_processes_at_once_have_one_winner_a_pending_number(following):
    writers = [writer(following, f"w{number}", 6) for number in range(8)]
    for one in writers:
        one.stdin.write("go\n")
        one.stdin.flush()
    acknowledged = [line.split() for one in writers for line in one.communicate(timeout=120)[0].splitlines()]
    assert [one.returncode for one in writers] == [0] * 8
    assert sorted(int(number) for number, _name in acknowledged) == list(range(P1, P1 + 48))
    assert list(again(following).names().versions("models/demand")) == list(range(1, 49))
    assert again(following).overlay().waiting == {}


def test_a_dropped_number_and_its_version_number_are_not_given_again(following, move):
    move({"models/m/1": "a" * 64})
    drop(following, P1)
    following.decisions.pending.advance()
    assert move({"models/m/2": "b" * 64}) == P2
    assert again(following).names().versions("models/m") == {2: "b" * 64}
    assert again(following).names().next_number("models/m") == 3


def test_the_version_number_of_a_dropped_decision_stays_taken_without_the_cache(following, move):
    move({"models/m/5": "a" * 64})
    drop(following, P1)
    assert again(following).names().next_number("models/m") == 6
    following.decisions.pending.advance()
    assert again(following).names().next_number("models/m") == 6
    following.layout.settled.write_bytes(b"rubbish")
    assert again(following).names().next_number("models/m") == 6


def test_a_published_decision_counts_once(following, move, tmp_path, clock):
    move({"labels/m/x": "a"})
    held = following.decisions.pending.held(P1).entry
    other = Repository.create(tmp_path / "other", actor=ACTOR, command="", now=clock)
    other.layout.decision(1).unlink()
    other.layout.decision(1).write_bytes(following.layout.decision(1).read_bytes())
    move({"labels/m/x": "a"}, where=Repository.find(other.root))
    assert held.number == P1
    # another entry at its number: it is neither published nor in doubt any more
    following.decisions.pending.mark_sent(P1, 2)
    assert following.decisions.in_doubt(following.decisions.waiting()[0])
    following.layout.decision(2).write_bytes(other.layout.decision(2).read_bytes())
    decisions = again(following)
    assert [one.entry.number for one in decisions.waiting()] == [P1]
    assert not decisions.in_doubt(decisions.waiting()[0])
    assert decisions.overlay().waiting[P1].why == "labels/m/x has moved since"


def test_undo_of_a_pending_decision_and_redo(following, move):
    move({"labels/m/x": "a"})

    session = Session(following, actor=ACTOR)
    assert undo(session, UndoRequest()).data.undone == P1
    assert again(following).names().value("labels/m/x") is None
    assert redo(session, RedoRequest()).data.redone == P1
    assert again(following).names().value("labels/m/x") == "a"
    with pytest.raises(NotFound, match="no decision p9"):
        undo(session, UndoRequest(number=PENDING + 9))


def test_a_version_that_a_waiting_decision_needs_is_not_withdrawn(following, move, clock):
    move({"models/m/1": "a" * 64, "models/m/2": "b" * 64})
    move({"stages/m/s": "a" * 64})
    move({"stages/m/s": "b" * 64})
    drop(following, P2)  # so that the second promotion waits
    assert P3 in again(following).overlay().waiting
    withdrawal = Draft(kind="undo", changes=(Change(name="models/m/2", old="b" * 64, new=None),), undoes=P1)
    with pytest.raises(NameMoved, match="p3 waits"):
        following.decisions.commit(lambda _n: withdrawal, actor=ACTOR, command="", now=clock)


def test_damage_in_the_chain_is_seen(following, move):
    move({"labels/m/x": "a"})
    move({"labels/m/x": "b"})
    path = following.layout.pending_entry(P1)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"new":"a"', b'"new":"c"'))
    with pytest.raises(Corrupt, match=str(P1)):
        again(following).names()


@pytest.mark.parametrize("name", [str(P1), f"{P1}.dropped", f"{P2}.sent", "joined"])
def test_fsck_looks_at_every_file_of_the_chain(following, move, name):
    move({"labels/m/x": "a"})
    move({"labels/m/x": "b"})
    drop(following, P1)
    following.decisions.pending.mark_sent(P2, 2)
    before = [problem.path for problem in verify(following, following.layout.cache).problems]
    path = following.layout.pending / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"{", b"{ ", 1))
    damaged = verify(Repository.find(following.root), following.layout.cache)
    assert f".mlctl/pending/{name}" in {problem.path for problem in damaged.problems} - set(before)


def test_own_entries_give_way_to_the_shared_ones_and_nothing_is_lost(repository, move, tmp_path, clock):
    """Two clones of one git repository, each with a log of its own."""
    other = Repository.create(tmp_path / "other", actor=ACTOR, command="", now=clock)
    theirs = Repository.find(other.root)
    move({"models/m/1": "e" * 64}, where=theirs)
    move({"labels/m/t": "t"}, where=theirs)
    move({"models/m/1": "a" * 64})
    move({"stages/m/s": "a" * 64})
    own = list(repository.decisions.entries())
    move({"labels/m/x": "x"})
    with rearranging(repository.layout):
        own = list(repository.decisions.entries())
        entries = [(number, other.layout.decision(number).read_bytes()) for number in (1, 2, 3)]
        stage(repository.files, repository.layout, entries)
        give_way(repository.layout, repository.files, repository.decisions.pending, own, 0, ())
    for decisions in (repository.decisions, again(repository)):
        names = decisions.names()
        assert names.head == 3
        assert names.versions("models/m") == {1: "e" * 64, 2: "a" * 64}
        assert names.value("stages/m/s") == "a" * 64
        assert (names.value("labels/m/x"), names.value("labels/m/t")) == ("x", "t")
        assert not any(decisions.in_doubt(held) for held in decisions.waiting())
    assert not repository.layout.joining.exists()
    assert move({"labels/m/x": "y"}) == PENDING + 4


def test_a_link_that_fails_after_it_was_made_has_taken_the_number(following, move, monkeypatch):
    real = os.link

    def late(source, target):
        real(source, target)
        raise TimeoutError(110, "the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "link", late)
        assert move({"labels/m/x": "a"}) == P1
    assert [held.entry.number for held in again(following).waiting()] == [P1]
