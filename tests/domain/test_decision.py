"""Laws of the log's fold: what undo and redo restore and refuse, and that numbers are never used again."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlctl.domain.decision import (
    Actor,
    BrokenLog,
    Change,
    Committed,
    Entry,
    dangling,
    fold,
    inverse,
    moved_since,
    overlaid,
)
from mlctl.domain.ids import Digest
from mlctl.domain.names import Names
from mlctl.domain.records import decode, digest_of, encode
from mlctl.domain.stacks import is_number

ACTOR = Actor(user="u", host="h", via="terminal")
NAMES = ("stages/m/a", "stages/m/b", "labels/m/x")


def committed(names: Names, kind: str, changes: tuple[Change, ...], undoes: int | None = None) -> Committed:
    entry = Entry(
        format=1,
        number=names.head + 1,
        id=f"{names.head:032x}",
        parent=names.parent,
        made_at="2026-01-01T00:00:00.000Z",
        committed_at="2026-01-01T00:00:00.000Z",
        actor=ACTOR,
        kind=kind,
        command="",
        changes=changes,
        undoes=undoes,
    )
    return Committed(entry=entry, sha256=digest_of(encode(entry)))


class Log:
    """A log in memory that refuses what the store's verbs refuse."""

    def __init__(self) -> None:
        self.entries: list[Committed] = []
        self.names = Names()

    def add(self, kind: str, changes: tuple[Change, ...], undoes: int | None = None) -> None:
        one = committed(self.names, kind, changes, undoes)
        self.names = fold([one], self.names)
        self.entries.append(one)

    def set(self, **values: str | None) -> None:
        moves = {name.replace("__", "/"): value for name, value in values.items()}
        self.move(moves)

    def move(self, moves: Mapping[str, str | None]) -> None:
        self.add(
            "promote",
            tuple(Change(name=name, old=self.names.value(name), new=new) for name, new in moves.items()),
        )

    def undo(self, number: int | None = None) -> bool:
        number = number if number is not None else self.names.newest_standing()
        if number is None:
            return False
        entry = self.entries[number - 1].entry
        if entry.kind != "promote" or overlaid(self.names, entry):
            return False
        self.add("undo", inverse(self.names, entry), number)
        return True

    def redo(self, position: int = -1) -> bool:
        if not self.names.undone:
            return False
        undone = self.names.undone[position % len(self.names.undone)]
        if moved_since(self.names, undone):
            return False
        entry = self.entries[undone.number - 1].entry
        changes = tuple(Change(name=c.name, old=self.names.value(c.name), new=c.new) for c in entry.changes)
        self.add("redo", changes, undone.number)
        return True

    def values(self) -> dict[str, str]:
        return self.names.under("")


MOVE = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["p", "q", None]), min_size=1)
STEP = st.one_of(
    st.tuples(st.just("move"), MOVE),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("undo"), st.integers(1, 30)),
    st.tuples(st.just("redo"), st.integers(-3, 2)),
)


def run(steps) -> Log:
    log = Log()
    for what, how in steps:
        if what == "move":
            log.move(how)
        elif what == "undo" and (how is None or how <= len(log.entries)):
            log.undo(how)
        elif what == "redo":
            log.redo(how)
    return log


def oracle(entries: list[Committed]) -> dict[str, str]:
    """The values by another way: replay which decisions stand and since when, then let the latest win."""
    since: dict[int, int] = {}
    for one in entries:
        entry = one.entry
        if entry.kind == "undo":
            del since[entry.undoes]
        else:
            since[entry.undoes or entry.number] = entry.number
    values: dict[str, str | None] = {}
    for number in sorted(since, key=since.__getitem__):
        for change in entries[number - 1].entry.changes:
            values[change.name] = change.new
    return {name: value for name, value in sorted(values.items()) if value is not None}


@settings(deadline=None, max_examples=300)
@given(st.lists(STEP, max_size=25))
def test_any_history_means_what_the_decisions_that_stand_say_in_their_order(steps):
    log = run(steps)
    assert log.values() == oracle(log.entries)


@settings(deadline=None, max_examples=200)
@given(st.lists(STEP, max_size=25), st.integers(0, 25))
def test_folding_in_two_parts_is_folding_at_once_and_leaves_the_first_part_alone(steps, cut):
    log = run(steps)
    first = fold(log.entries[:cut])
    before = encode(first)
    assert encode(fold(log.entries[cut:], first)) == encode(fold(log.entries))
    assert encode(first) == before


@settings(deadline=None, max_examples=200)
@given(st.lists(STEP, max_size=25))
def test_a_fold_survives_being_written_down(steps):
    names = run(steps).names
    assert decode(encode(names), Names) == names


@settings(deadline=None, max_examples=200)
@given(st.lists(STEP, max_size=25), st.integers(1, 4))
def test_short_answers_are_parts_of_the_long_ones(steps, limit):
    names = run(steps).names
    values = {name: value for name in names.effects if (value := names.value(name)) is not None}
    families = sorted({name.split("/")[1] for name in values if name.startswith("models/")})
    assert names.families("models") == families
    for model in [*families, "nobody"]:
        family = f"models/{model}"
        versions = names.versions(family)
        assert names.under(f"{family}/") == {
            name: values[name] for name in sorted(values) if name.startswith(f"{family}/")
        }
        assert list(names.newest(family, limit).items()) == list(reversed(versions.items()))[:limit]
        assert names.living(family) == len(versions)
        digests = set(values.values())
        assert names.numbers_of(family, digests).keys() <= digests
        for digest, number in names.numbers_of(family, digests).items():
            assert digest in {names.value(f"{family}/{number}"), names.value(f"{family}/{number}/refit")}
    assert names.numbers_of("models", set()) == {}


@settings(deadline=None, max_examples=200)
@given(st.lists(MOVE, min_size=1, max_size=12), st.data())
def test_undoing_k_times_walks_back_k_decisions_and_redoing_k_times_returns(moves, data):
    log = Log()
    states = [log.values()]
    for move in moves:
        log.move(move)
        states.append(log.values())
    k = data.draw(st.integers(1, len(moves)))
    for back in range(1, k + 1):
        assert log.undo()
        assert log.values() == states[-1 - back]
    for back in range(k - 1, -1, -1):
        assert log.redo()
        assert log.values() == states[-1 - back]


@settings(deadline=None, max_examples=200)
@given(st.lists(STEP, max_size=20))
def test_an_undo_directly_after_a_redo_takes_that_redo_back(steps):
    log = run(steps)
    before = log.values()
    if log.redo():
        assert log.undo()
        assert log.values() == before


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["new", "undo", "redo"]), max_size=30))
def test_a_version_number_is_never_given_twice(steps):
    log = Log()
    given_numbers: list[int] = []
    for count, step in enumerate(steps):
        if step == "new":
            number = log.names.next_number("models/m")
            given_numbers.append(number)
            log.move({f"models/m/{number}": f"digest{count}"})
        elif step == "undo":
            log.undo()
        else:
            log.redo()
    assert given_numbers == sorted(set(given_numbers))


def test_an_undo_asks_for_the_last_effect_and_not_for_an_equal_value():
    log = Log()
    log.move({"stages/m/a": "p"})
    log.move({"stages/m/a": "q"})
    log.move({"stages/m/a": "p"})
    entry = log.entries[0].entry
    assert log.names.value("stages/m/a") == entry.changes[0].new
    assert overlaid(log.names, entry) == ["stages/m/a"]


def test_a_redo_asks_for_the_last_effect_and_not_for_an_equal_value():
    log = Log()
    log.move({"stages/m/a": "p"})
    log.move({"stages/m/a": "q"})
    log.undo()
    log.move({"stages/m/a": "r"})
    log.move({"stages/m/a": "p"})
    assert moved_since(log.names, log.names.undone[-1]) == ["stages/m/a"]
    assert not log.redo()


def test_an_undo_of_an_older_decision_leaves_newer_ones_on_other_names():
    log = Log()
    log.move({"stages/m/a": "p"})
    log.move({"stages/m/b": "q"})
    assert log.undo(1)
    assert log.values() == {"stages/m/b": "q"}
    assert log.redo()
    assert log.values() == {"stages/m/a": "p", "stages/m/b": "q"}


def test_a_decision_with_two_names_is_undone_whole_or_not_at_all():
    log = Log()
    log.move({"stages/m/a": "p", "stages/m/b": "p"})
    log.move({"stages/m/b": "q"})
    assert not log.undo(1)
    assert log.undo(2)
    assert log.undo(1)
    assert log.values() == {}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda e: msgspec.structs.replace(e, number=5), "follows"),
        (lambda e: msgspec.structs.replace(e, parent=Digest("0" * 64)), "parent"),
        (lambda e: msgspec.structs.replace(e, committed_at="2025-01-01T00:00:00.000Z"), "dated before"),
        (lambda e: msgspec.structs.replace(e, changes=()), "moves no name"),
        (lambda e: msgspec.structs.replace(e, changes=(e.changes[0], e.changes[0])), "twice"),
        (
            lambda e: msgspec.structs.replace(e, changes=(Change(name="stages/m/a", old="z", new="q"),)),
            "meant p",
        ),
        (lambda e: msgspec.structs.replace(e, kind="undo", undoes=None), "undo of nothing"),
        (lambda e: msgspec.structs.replace(e, kind="undo", undoes=7), "not the last"),
        (lambda e: msgspec.structs.replace(e, kind="undo", undoes=1), "does not bring back"),
        (lambda e: msgspec.structs.replace(e, kind="redo", undoes=1), "cannot be brought back"),
    ],
)
def test_an_entry_that_contradicts_the_log_is_refused(spoil, why):
    log = Log()
    log.move({"stages/m/a": "p"})
    entry = committed(log.names, "promote", (Change(name="stages/m/a", old="p", new="q"),)).entry
    spoilt = spoil(entry)
    with pytest.raises(BrokenLog, match=why):
        fold([Committed(entry=spoilt, sha256=digest_of(encode(spoilt)))], log.names)


def test_what_a_name_meant_before_passes_over_repeated_meanings():
    log = Log()
    for value in ("p", "p", "q", "q", "p"):
        log.move({"stages/m/a": value})
    assert [log.names.before("stages/m/a", steps) for steps in range(4)] == ["p", "q", "p", None]


def test_a_refit_goes_by_the_number_of_its_version():
    log = Log()
    log.move({"models/m/1": "v1", "models/m/1/refit": "r1", "models/m/2": "v2"})
    assert log.names.versions("models/m") == {1: "v1", 2: "v2"}
    assert log.names.number_of("models/m", "r1") == 1
    assert log.names.number_of("models/m", "other") is None
    assert log.names.next_number("models/m") == 3


def test_a_version_that_a_stage_holds_cannot_be_withdrawn():
    log = Log()
    log.move({"models/m/1": "v1"})
    log.move({"stages/m/production": "v1"})
    entry = log.entries[0].entry
    assert dangling(log.names, inverse(log.names, entry)) == [("stages/m/production", "v1")]
    both = (*inverse(log.names, entry), Change(name="stages/m/production", old="v1", new=None))
    assert dangling(log.names, both) == []


def test_a_version_with_a_refit_cannot_be_withdrawn_and_a_stage_cannot_go_back_to_a_withdrawn_one():
    log = Log()
    log.move({"models/m/1": "v1"})
    log.move({"models/m/1/refit": "r1", "stages/m/production": "r1"})
    assert ("models/m/1/refit", "models/m/1") in dangling(log.names, inverse(log.names, log.entries[0].entry))
    log.move({"models/m/2": "v2"})
    log.move({"stages/m/production": "v2"})
    back = [Change(name="stages/m/production", old="v2", new="gone")]
    assert dangling(log.names, back) == [("stages/m/production", "gone")]


@pytest.mark.parametrize(
    ("text", "answer"),
    [("1", True), ("10", True), ("01", False), ("0", False), ("²", False), ("", False), ("a", False)],
)
def test_a_version_number_is_written_in_one_way(text, answer):
    assert is_number(text) is answer
