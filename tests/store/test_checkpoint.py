"""Names on a checkpoint's pages say what the whole fold says; what is damaged, old or gone is noticed."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlctl.domain.decision import fold
from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.names import Names
from mlctl.domain.records import encode
from mlctl.domain.stacks import Stacks
from mlctl.store import checkpoint as checkpoint_module
from mlctl.store import pages
from mlctl.store.checkpoint import EVERY, Checkpoints
from mlctl.store.locks import rearranging
from mlctl.store.pages import in_memory
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal
from tests.domain import test_decision as logs

VERSIONS = st.builds(
    "{}/{}/{}{}".format,
    st.sampled_from(["models", "datasets"]),
    st.sampled_from(["m", "m-x"]),
    st.sampled_from([1, 2, 9, 10, 11, 100]),
    st.sampled_from(["", "", "/refit"]),
)
NAMES = st.one_of(
    VERSIONS, st.sampled_from(["repository", "stages/m/a", "stages/m/b", "approvals/m/d/a/who"])
)
MOVES = st.dictionaries(NAMES, st.sampled_from(["p", "q", "r", "s", None]), min_size=1, max_size=12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), MOVES),
        st.tuples(st.just("undo"), st.none()),
        st.tuples(st.just("redo"), st.integers(-3, 2)),
    ),
    min_size=1,
    max_size=15,
)


def said(names: Names):
    """Every answer that names give."""
    kinds = ("models", "datasets", "models/m", "models/m-x", "datasets/m", "models/none")
    digests = ["p", "q", "r", "s", "absent"]
    prefixes = ("", "models/", "models/m", "models/m/", "models/m/1", "stages/m/a", "approvals/m/d/", "none/")
    every = sorted(names.effects)
    return {
        "under": {prefix: names.under(prefix) for prefix in prefixes},
        "families": [names.families(kind) for kind in ("models", "datasets", "none")],
        "living": [names.living(kind) for kind in kinds[2:]],
        "newest": [names.newest(kind, limit) for kind in kinds for limit in (1, 3)],
        "versions": [names.versions(kind) for kind in kinds],
        "numbers": [names.numbers_of(kind, digests) for kind in kinds],
        "names": [names.names_of(digests[:count]) for count in (0, 1, 5)],
        "number": [names.number_of(kind, digest) for kind in kinds[2:] for digest in digests],
        "values": [(name, names.value(name), names.last_effect(name)) for name in every],
        "before": [(name, names.before(name, steps)) for name in every for steps in (0, 1, 2)],
        "last": names.newest_standing(),
        "next": [names.next_number(kind) for kind in kinds],
        "unknown": (names.value("models/m/12"), names.last_effect("stages/z/z")),
    }


def grounded(names: Names) -> Names:
    """The same names, read from pages."""
    return Names(
        head=names.head,
        parent=names.parent,
        committed_at=names.committed_at,
        effects=Stacks(in_memory(names)),
        undone=names.undone,
        highest=names.highest,
    )


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sets(st.integers(1, 15), max_size=4))
def test_names_on_pages_say_what_the_whole_fold_says(monkeypatch, steps, cuts):
    monkeypatch.setattr(pages, "_ITEMS", 2)
    log = logs.run(steps)
    whole, paged = fold(log.entries), Names()
    for number, one in enumerate(log.entries, 1):
        paged = fold([one], paged)
        if number in cuts:
            paged = grounded(paged)
    assert said(paged) == said(whole)
    assert paged.effects == whole.effects
    again = grounded(paged)
    assert said(again) == said(whole)
    assert (
        dict(again.effects.ground.living()).items()
        >= {
            group: count
            for group, count in Stacks(pages.nothing(), whole.effects).living().items()
            if count.names
        }.items()
    )


@pytest.fixture
def many(repository, move):
    """A repository with two thousand versions, and as many pages as that needs."""
    for start in range(0, 2000, 500):
        move({f"models/m/{number}": f"{number:064x}" for number in range(start + 1, start + 501)})
    for value in range(EVERY - repository.decisions.names().head):
        move({"stages/m/production": f"{value + 1:064x}"})
    return repository


def test_of_many_names_those_that_are_asked_for_are_read(many, monkeypatch):
    size = many.layout.checkpoint(EVERY).stat().st_size
    read = []
    monkeypatch.setattr(
        os, "pread", lambda file, count, at, real=os.pread: read.append(count) or real(file, count, at)
    )
    names = Repository.find(many.root).decisions.names()
    assert names.value("models/m/1234") == f"{1234:064x}"
    assert names.number_of("models/m", f"{77:064x}") == 77
    assert (names.living("models/m"), names.families("models")) == (2000, ["m"])
    assert 0 < sum(read) < size / 5


def test_a_checkpoint_after_few_moves_copies_the_other_pages(many, move):
    first = many.layout.checkpoint(EVERY).read_bytes()
    for value in range(EVERY):
        move({"stages/m/production": f"{value + 7:064x}"})
    second = many.layout.checkpoint(2 * EVERY).read_bytes()
    pages_of_first = first.split(b"\n")[2:-1]
    assert len(set(pages_of_first) - set(second.split(b"\n"))) == 1


def test_a_byte_flipped_anywhere_changes_no_answer(many):
    path, expected = many.layout.checkpoint(EVERY), said(many.decisions.names_until(EVERY))
    whole = path.read_bytes()
    for at in [*range(0, len(whole), len(whole) // 20), len(whole) - 1]:
        path.unlink(missing_ok=True)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert said(Repository.find(many.root).decisions.names()) == expected, at
    path.unlink(missing_ok=True)
    for cut in (10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert said(Repository.find(many.root).decisions.names()) == expected, cut


def test_a_damaged_page_is_found_by_who_checks_all_of_them(many):
    path = many.layout.checkpoint(EVERY)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[:-9] + b"x" + whole[-8:])
    checkpoints = Checkpoints(many.layout, many.files, many.decisions.names_until)
    with pytest.raises(Corrupt, match="damaged"):
        checkpoints.whole(EVERY)


def unreadable(path: Path) -> None:
    """Let every descriptor of this process that reads the file be one that the system refuses to read."""
    folder = os.open(path.parent, os.O_RDONLY)
    open_now = [one for one in Path("/proc/self/fd").iterdir() if os.path.lexists(one)]
    held = [int(one.name) for one in open_now if one.readlink() == path]
    assert held
    for number in held:
        os.dup2(folder, number)
    os.close(folder)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are listed by Linux")
def test_a_page_that_cannot_be_read_changes_no_answer(many):
    expected = said(many.decisions.names_until(EVERY))
    names = Repository.find(many.root).decisions.names()
    unreadable(many.layout.checkpoint(EVERY).resolve())
    assert said(names) == expected
    assert said(Repository.find(many.root).decisions.names()) == expected


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are listed by Linux")
def test_where_a_page_and_an_old_decision_are_lost_it_is_said_which(many):
    names = Repository.find(many.root).decisions.names()
    unreadable(many.layout.checkpoint(EVERY).resolve())
    many.layout.decision(5).unlink()
    with pytest.raises(Missing, match="decision 5 is missing"):
        names.value("models/m/1234")


def test_names_stay_those_of_their_moment_when_newer_checkpoints_take_the_place(many, move):
    before = Repository.find(many.root).decisions.names()
    for value in range(3 * EVERY):
        move({"stages/m/production": None if value % 2 else f"{value + 1:064x}"})
    assert not many.layout.checkpoint(EVERY).exists()
    assert said(before) == said(many.decisions.names_until(EVERY))
    assert Repository.find(many.root).decisions.names().head == 4 * EVERY


def test_a_checkpoint_of_before_is_read(many):
    path, names = many.layout.checkpoint(EVERY), many.decisions.names_until(EVERY)
    body = {"format": 1, "number": EVERY, "sha256": names.parent, "names": names}
    path.unlink()
    path.write_bytes(seal(encode(body)))
    fresh = Repository.find(many.root).decisions
    assert said(fresh.names()) == said(names)
    assert not isinstance(fresh.names().effects, Stacks)


def test_many_moves_are_kept_before_many_decisions_are_made(repository, move, monkeypatch):
    monkeypatch.setattr("mlctl.store.decisions.MOVED", 20)
    move({f"models/m/{number}": f"{number:064x}" for number in range(1, 31)})
    move({"stages/m/a": f"{1:064x}"})
    assert [path.name for path in repository.layout.checkpoints.iterdir()] == ["00000002"]
    assert repository.decisions.names().moved() == 1


def test_a_reader_keeps_a_checkpoint_where_none_stands_but_not_while_entries_give_way(
    repository, move, monkeypatch
):
    for value in range(5 * EVERY):
        move({"labels/m/x": str(value)})
    head = repository.decisions.names().head

    def lost() -> Repository:
        for path in Path(repository.layout.checkpoints).iterdir():
            path.unlink()
        return Repository.find(repository.root)

    fresh = lost()
    with rearranging(repository.layout):
        assert fresh.decisions.names().head == head
    assert not list(repository.layout.checkpoints.iterdir())
    assert lost().decisions.names().value("labels/m/x") == str(5 * EVERY - 1)
    assert [path.name for path in repository.layout.checkpoints.iterdir()] == [f"{head:08d}"]
    fresh = lost()
    repository.layout.checkpoints.chmod(0o500)
    monkeypatch.setattr(checkpoint_module.Files, "replace", _refuse)
    assert fresh.decisions.names().head == head


def _refuse(*_of, **_how):
    raise PermissionError("read-only")
