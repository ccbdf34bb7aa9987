"""Pending decisions on top of shared ones: what counts, what is renumbered, what waits and why."""

import pytest

from mlctl.domain.decision import Actor, Change, Committed, Entry, fold
from mlctl.domain.names import Names
from mlctl.domain.records import digest_of, encode
from mlctl.domain.sharing import (
    PENDING,
    Overlay,
    PendingEntry,
    Published,
    Waiting,
    fit,
    heard,
    made_by,
    overlay,
    shared_entry,
    spoken,
)

ACTOR = Actor(user="u", host="h", via="terminal")
T = "2026-11-01T00:00:00.000Z"


def entry(number, *changes, kind="t", undoes=None, versions=None, parent=None):
    made = PendingEntry if number > PENDING else Entry
    more = {"versions": versions or {}} if made is PendingEntry else {}
    return made(
        format=1, number=number, id=f"id{number}", parent=parent, made_at=T, committed_at=T, actor=ACTOR,
        kind=kind, command="", changes=tuple(Change(name=n, old=o, new=v) for n, o, v in changes),
        undoes=undoes, **more,
    )  # fmt: skip


def shared(*entries):
    committed, parent = [], None
    for one in entries:
        parent_of = Entry(**{**{n: getattr(one, n) for n in one.__struct_fields__}, "parent": parent})
        committed.append(Committed(entry=parent_of, sha256=digest_of(encode(parent_of))))
        parent = committed[-1].sha256
    return fold(committed)


def on_top(names, *chain, settled=lambda _number: None, carried=None):
    return overlay(names, chain, settled, carried or {})


def version(number, of, digest, **more):
    return entry(number, (f"models/m/{of}", None, digest), kind="train", **more)


P1, P2, P3 = PENDING + 1, PENDING + 2, PENDING + 3


def test_numbers_are_spoken_and_heard():
    assert [spoken(12), spoken(P3)] == ["12", "p3"]
    assert [heard("12"), heard("p3"), heard("x"), heard("p0"), heard("")] == [12, P3, None, None, None]


def test_pending_decisions_count_on_top_and_the_head_stays_the_shared_one():
    made = on_top(shared(version(1, 1, "a")), version(P1, 2, "b"), entry(P2, ("stages/m/s", None, "b")))
    assert made.names.head == 1
    assert made.names.value("stages/m/s") == "b"
    assert made.names.last_effect("stages/m/s") == P2
    assert made.names.next_number("models/m") == 3
    assert made.waiting == {}


def test_a_number_that_another_has_taken_gives_way_to_the_next_free_one():
    made = on_top(shared(version(1, 1, "theirs")), version(P1, 1, "ours"))
    assert made.names.versions("models/m") == {1: "theirs", 2: "ours"}
    assert made.given == {P1: {"models/m": "models/m/2"}}


def test_what_names_a_renumbered_version_follows_it():
    chain = (
        version(P1, 1, "ours"),
        entry(P2, ("models/m/1/refit", None, "r"), ("stages/m/s", None, "r"), versions={"models/m/1": P1}),
        entry(P3, ("models/m/1/level/1", None, "l"), versions={"models/m/1": P1}),
    )
    made = on_top(shared(version(1, 1, "theirs")), *chain)
    assert made.waiting == {}
    assert made.names.value("models/m/2/refit") == "r"
    assert made.names.value("models/m/2/level/1") == "l"
    assert made.names.value("models/m/1/refit") is None


def test_a_name_that_is_the_others_version_is_left_alone():
    """Made after the numbers were known: it means theirs, although a pending version once had that number."""
    chain = (version(P1, 1, "ours"), entry(P2, ("models/m/1/refit", None, "r")))
    made = on_top(shared(version(1, 1, "theirs")), *chain)
    assert made.names.value("models/m/1/refit") == "r"


def test_a_published_version_is_found_under_its_published_number():
    chain = (entry(P2, ("models/m/1/refit", None, "r"), versions={"models/m/1": P1}),)
    names = shared(version(1, 1, "theirs"), version(2, 2, "ours"))
    made = on_top(names, *chain, settled=lambda _n: Published(number=2, versions={"models/m": "models/m/2"}))
    assert made.names.value("models/m/2/refit") == "r"


def test_a_name_that_has_moved_waits_and_so_does_what_depends_on_it():
    names = shared(version(1, 1, "a"), version(2, 2, "b"), entry(3, ("stages/m/s", None, "a")))
    chain = (
        entry(P1, ("stages/m/s", None, "b")),
        entry(P2, ("stages/m/s", "b", None), kind="undo", undoes=P1),
        entry(P3, ("labels/m/x", None, "x")),
    )
    made = on_top(names, *chain)
    assert {number: one.why for number, one in made.waiting.items()} == {
        P1: "stages/m/s has moved since",
        P2: "decision p1, which it is about, is not decided",
    }
    assert made.names.value("stages/m/s") == "a"
    assert made.names.value("labels/m/x") == "x"


def test_nothing_overtakes_what_waits_on_the_same_name():
    names = shared(version(1, 1, "a"), version(2, 2, "b"), entry(3, ("stages/m/s", None, "a")))
    chain = (entry(P1, ("stages/m/s", "b", "a")), entry(P2, ("stages/m/s", "a", "b")))
    made = on_top(names, *chain)
    assert made.waiting[P2].why == "decision p1, which moves the same name, waits"


def test_undo_asks_for_the_last_effect_and_not_for_the_value():
    names = shared(
        version(1, 1, "a"),
        version(2, 2, "b"),
        entry(3, ("stages/m/s", None, "a")),
        entry(4, ("stages/m/s", "a", "b")),
        entry(5, ("stages/m/s", "b", "a")),
    )
    undo = entry(P1, ("stages/m/s", "a", None), kind="undo", undoes=3)
    assert "has moved" in on_top(names, undo).waiting[P1].why


def test_a_stage_cannot_take_what_does_not_stand():
    made = on_top(shared(version(1, 1, "a")), entry(P1, ("stages/m/s", None, "gone")))
    assert "does not stand" in made.waiting[P1].why


def test_the_number_of_a_dropped_version_is_given_to_nobody_again():
    made = on_top(shared(version(1, 1, "a")), carried={"models/m": 3})
    assert made.names.next_number("models/m") == 4
    made = on_top(shared(version(1, 2, "theirs")), version(P2, 2, "ours"), carried={"models/m": 3})
    assert made.names.versions("models/m") == {2: "theirs", 4: "ours"}


@pytest.mark.parametrize("late", [False, True])
def test_undo_and_redo_of_a_pending_decision_follow_its_version(late):
    names = shared(version(1, 1, "theirs")) if late else Names()
    chain = [version(P1, 1, "ours")]
    chain.append(entry(P2, ("models/m/1", "ours", None), kind="undo", undoes=P1, versions={"models/m/1": P1}))
    made = on_top(names, *chain)
    assert (made.waiting, "ours" in made.names.versions("models/m").values()) == ({}, False)
    chain.append(entry(P3, ("models/m/1", None, "ours"), kind="redo", undoes=P1, versions={"models/m/1": P1}))
    made = on_top(names, *chain)
    assert made.waiting == {}
    assert made.names.versions("models/m")[2 if late else 1] == "ours"


def test_the_shared_entry_keeps_who_and_when_and_says_what_it_was():
    names = shared(version(1, 1, "theirs"))
    pending = version(P1, 1, "ours")
    fitted = fit(Overlay(names=names), pending, lambda _n: None, {})
    assert not isinstance(fitted, Waiting)
    made = shared_entry(fitted, pending, names, lambda _n: None, "2026-10-01T00:00:00.000Z")
    assert (made.number, made.parent, made.id) == (2, names.parent, pending.id)
    assert made.changes == (Change(name="models/m/2", old=None, new="ours"),)
    assert made.was == {"models/m/2": "models/m/1"}
    assert (made.made_at, made.committed_at) == (T, T)  # never before its parent


def test_evidence_names_shared_decisions():
    pending = entry(P2, ("stages/m/s", "b", "a"), kind="rollback")
    pending = PendingEntry(
        **{**{n: getattr(pending, n) for n in pending.__struct_fields__}, "evidence": {"promotion": P1}}
    )
    made = shared_entry(pending, pending, Names(), lambda _n: Published(number=7, versions={}), T)
    assert made.evidence == {"promotion": 7}


def test_which_versions_among_changes_are_pending_is_known():
    made = on_top(shared(version(1, 1, "theirs")), version(P1, 1, "ours"))
    changes = (
        Change(name="models/m/2/refit", old=None, new="r"),
        Change(name="models/m/1/refit", old=None, new="s"),
    )
    assert made_by(made, changes) == {"models/m/2": P1}
