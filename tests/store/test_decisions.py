"""The log on disk: one winner a number, no gap, nothing reused, and what is refused."""

import os
import signal
import subprocess
import sys

import pytest

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.errors import (
    Corrupt,
    DiskFull,
    FormatTooNew,
    Missing,
    NameMoved,
    NotFound,
    PermissionRefused,
)
from mlctl.domain.records import encode
from mlctl.store import decisions as decisions_module
from mlctl.store import files as files_module
from mlctl.store.checkpoint import EVERY
from mlctl.store.decision_files import read_decision
from mlctl.store.files import Files
from mlctl.store.repository import Repository
from mlctl.store.sealed_line import seal

ACTOR = Actor(user="u", host="h", via="terminal")

WRITER = """
import sys
from pathlib import Path
from mlctl.domain.decision import Actor, Change, Draft
from mlctl.store.repository import Repository
repository = Repository.find(Path(sys.argv[1]))
COUNTER = "labels/demand/counter"
name, count = sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
for turn in range(count):
    def prepare(names):
        number = names.next_number("models/demand")
        changes = (Change(name=f"models/demand/{number}", old=None, new=f"{name}.{turn}"),
                   Change(name=COUNTER, old=names.value(COUNTER), new=str(number)))
        return Draft(kind="race", changes=changes)
    done = repository.decisions.commit(prepare, actor=Actor(user=name, host="h", via="ci"), command="race",
                                       now=lambda: "2026-11-01T00:00:00.000Z")
    print(done.entry.number, done.entry.changes[0].name, flush=True)
"""


def writer(repository: Repository, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(repository.root), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_eight_processes_at_once_have_one_winner_a_number_and_leave_no_gap(repository):
    writers = [writer(repository, f"w{number}", 12) for number in range(8)]
    for one in writers:
        one.stdin.write("go\n")
        one.stdin.flush()
    acknowledged = [line.split() for one in writers for line in one.communicate(timeout=120)[0].splitlines()]
    assert [one.returncode for one in writers] == [0] * 8
    assert sorted(int(number) for number, _name in acknowledged) == list(range(2, 2 + 8 * 12))
    assert len({name for _number, name in acknowledged}) == 8 * 12
    fresh = Repository.find(repository.root)
    assert fresh.decisions.names().head == 1 + 8 * 12
    assert list(fresh.decisions.names().versions("models/demand")) == list(range(1, 8 * 12 + 1))
    assert len(list(fresh.decisions.entries())) == 1 + 8 * 12


def test_writers_killed_at_random_leave_a_log_that_others_go_on_with(repository):
    writers = [writer(repository, f"w{number}", 10_000) for number in range(4)]
    for one in writers:
        one.stdin.write("go\n")
        one.stdin.flush()
    seen = [[one.stdout.readline() for _ in range(1 + 7 * position)] for position, one in enumerate(writers)]
    for one in writers:
        os.kill(one.pid, signal.SIGKILL)
    rest = [one.communicate(timeout=60)[0].splitlines() for one in writers]
    fresh = Repository.find(repository.root)
    standing = {entry.entry.number for entry in fresh.decisions.entries()}
    acknowledged = {
        int(line.split()[0]) for lines in (*seen, *rest) for line in lines if line.endswith("\n") or line
    }
    assert acknowledged <= standing
    assert standing == set(range(1, max(standing) + 1))


def test_a_draft_whose_old_value_is_stale_is_refused_and_nothing_is_committed(repository, move, clock):
    move({"labels/m/x": "a"})
    stale = Draft(kind="t", changes=(Change(name="labels/m/x", old=None, new="b"),))
    with pytest.raises(NameMoved, match="labels/m/x has moved"):
        repository.decisions.commit(lambda _names: stale, actor=ACTOR, command="", now=clock)
    assert repository.decisions.names().head == 2


def test_a_stage_cannot_take_a_version_that_the_log_does_not_have(move):
    with pytest.raises(NameMoved, match="stages/m/production needs"):
        move({"stages/m/production": "d" * 64})


def test_nothing_to_do_commits_nothing(repository, clock):
    assert repository.decisions.commit(lambda _names: None, actor=ACTOR, command="", now=clock) is None
    assert repository.decisions.names().head == 1


def test_the_loser_of_a_race_prepares_again_on_the_newer_names(repository, move, clock):
    heads = []

    def prepare(names):
        heads.append(names.head)
        if len(heads) == 1:
            move({"labels/m/x": "theirs"}, where=Repository.find(repository.root))
        return Draft(
            kind="t", changes=(Change(name="labels/m/x", old=names.value("labels/m/x"), new="ours"),)
        )

    committed = repository.decisions.commit(prepare, actor=ACTOR, command="", now=clock)
    assert heads == [1, 2]
    assert committed.entry.number == 3
    assert committed.entry.changes[0].old == "theirs"


def test_a_link_that_fails_after_it_was_made_was_won(repository, move, monkeypatch):
    real = os.link

    def late(source, target):
        real(source, target)
        raise TimeoutError(110, "the answer was lost")

    monkeypatch.setattr(files_module.os, "link", late)
    assert move({"labels/m/x": "a"}) == 2
    assert Repository.find(repository.root).decisions.names().value("labels/m/x") == "a"


def test_a_link_that_fails_before_it_was_made_committed_nothing(repository, move, monkeypatch):
    def refused(_source, _target):
        raise TimeoutError(110, "never arrived")

    monkeypatch.setattr(files_module.os, "link", refused)
    with pytest.raises(TimeoutError):
        move({"labels/m/x": "a"})
    assert Repository.find(repository.root).decisions.names().head == 1
    assert list(repository.layout.tmp.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "error"), [(28, DiskFull), (13, PermissionRefused), (30, PermissionRefused)]
)
def test_a_disk_that_refuses_leaves_the_log_as_it_was(repository, move, monkeypatch, code, error):
    def refused(*_args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("mlctl.store.files.os.write", refused)
    with pytest.raises(error):
        move({"labels/m/x": "a"})
    monkeypatch.undo()
    assert Repository.find(repository.root).decisions.names().head == 1
    assert list(repository.layout.tmp.iterdir()) == []


def test_time_never_goes_back_along_the_chain(repository):
    def at(moment, value):
        return repository.decisions.commit(
            lambda names: Draft(
                kind="t", changes=(Change(name="labels/m/x", old=names.value("labels/m/x"), new=value),)
            ),
            actor=ACTOR,
            command="",
            now=lambda: moment,
        )

    at("2026-11-05T00:00:00.000Z", "a")
    late = at("2026-11-04T00:00:00.000Z", "b")
    assert late.entry.committed_at == "2026-11-05T00:00:00.000Z"
    assert late.entry.made_at == "2026-11-04T00:00:00.000Z"


def test_names_at_a_moment_are_what_was_committed_by_then(repository):
    for day in range(1, 1 + 2 * EVERY):
        moment = f"2027-{1 + day // 28:02d}-{1 + day % 28:02d}T00:00:00.000Z"
        repository.decisions.commit(
            lambda names, day=day: Draft(
                kind="t", changes=(Change(name="labels/m/x", old=names.value("labels/m/x"), new=str(day)),)
            ),
            actor=ACTOR,
            command="",
            now=lambda moment=moment: moment,
        )
    decisions = Repository.find(repository.root).decisions
    for day in (1, 2, EVERY - 1, EVERY, EVERY + 1, 2 * EVERY - 1):
        moment = f"2027-{1 + day // 28:02d}-{1 + day % 28:02d}"
        assert decisions.names_at(f"{moment}T00:00:00.000Z").value("labels/m/x") == str(day)
        assert decisions.names_at(f"{moment}T12:00:00.000Z").value("labels/m/x") == str(day)
    assert decisions.names_at("2020-01-01T00:00:00.000Z").head == 0


def test_a_lost_entry_in_the_middle_stops_everything_and_its_number_is_not_used_again(repository, move):
    for value in "abc":
        move({"labels/m/x": value})
    repository.layout.decision(3).unlink()
    with pytest.raises(Missing, match="decision 3 is missing"):
        move({"labels/m/x": "d"}, where=Repository.find(repository.root))
    assert not repository.layout.decision(3).exists()


def test_a_log_shorter_than_its_checkpoint_is_not_written_on(repository, move):
    for value in range(EVERY):
        move({"labels/m/x": str(value)})
    for number in range(EVERY - 3, EVERY + 2):
        repository.layout.decision(number).unlink()
    with pytest.raises(Missing, match=f"decision {EVERY} is missing"):
        Repository.find(repository.root).decisions.names()


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"rubbish", None])
def test_a_damaged_checkpoint_is_passed_over(repository, move, damage):
    for value in range(EVERY):
        move({"labels/m/x": str(value)})
    path = repository.layout.checkpoint(EVERY)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole.replace(b'"labels/m/x"', b'"labels/m/y"') if damage is None else damage)
    fresh = Repository.find(repository.root).decisions
    assert fresh.names().value("labels/m/x") == str(EVERY - 1)


def test_only_the_newest_two_checkpoints_are_kept(repository, move):
    for value in range(EVERY * 4):
        move({"labels/m/x": str(value)})
    kept = sorted(path.name for path in repository.layout.checkpoints.iterdir())
    assert kept == [f"{EVERY * number:08d}" for number in (3, 4)]


def test_an_altered_entry_is_not_read(repository, move):
    move({"labels/m/x": "a"})
    path = repository.layout.decision(2)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"new":"a"', b'"new":"b"'))
    with pytest.raises(Corrupt, match="00000002"):
        Repository.find(repository.root).decisions.names()


def test_an_entry_resealed_by_hand_breaks_the_chain(repository, move):
    for value in "abc":
        move({"labels/m/x": value})
    path = repository.layout.decision(2)
    body = path.read_bytes().split(b"\n")[0].replace(b'"command":"mlctl test"', b'"command":"forged"') + b"\n"
    path.chmod(0o644)
    path.write_bytes(seal(body))
    with pytest.raises(Corrupt, match="parent"):
        Repository.find(repository.root).decisions.names()


def test_an_entry_of_a_newer_format_is_told_apart_from_damage(tmp_path):
    with pytest.raises(FormatTooNew):
        read_decision(tmp_path / "00000001", 1, seal(encode({"format": 2, "shape": "unknown"})))


def test_a_number_that_was_never_given_is_not_found(repository):
    with pytest.raises(NotFound, match="the newest is 1"):
        repository.decisions.get(2)


def test_a_snapshot_of_names_does_not_change_when_the_log_goes_on(repository, move):
    move({"labels/m/x": "a"})
    before = repository.decisions.names()
    kept = encode(before)
    move({"labels/m/x": "b"})
    assert encode(before) == kept
    assert repository.decisions.names().value("labels/m/x") == "b"


def test_everything_an_entry_names_is_flushed_before_its_number_is_taken(repository, clock, monkeypatch):
    order = []
    flushed = Files.flush
    monkeypatch.setattr(
        Files, "flush", lambda self, paths=(): (order.append(("flush", list(paths))), flushed(self, paths))[1]
    )
    link = os.link
    monkeypatch.setattr(files_module.os, "link", lambda a, b: (order.append(("link", b)), link(a, b))[1])
    stranger = Repository.find(repository.root)
    digest = stranger.objects.put(b"written by another process, not flushed by it")
    draft = Draft(kind="t", changes=(Change(name="labels/m/x", old=None, new=digest),))
    repository.decisions.commit(lambda _names: draft, actor=ACTOR, command="", now=clock)
    assert [what for what, _ in order] == ["flush", "link"]
    assert repository.layout.object(digest) in order[0][1]


def test_reading_names_of_a_long_log_starts_from_a_checkpoint(repository, move, monkeypatch):
    for value in range(3 * EVERY + 5):
        move({"labels/m/x": str(value)})
    read = []
    real = decisions_module.read_decision
    monkeypatch.setattr(
        decisions_module,
        "read_decision",
        lambda path, number, data: (read.append(number), real(path, number, data))[1],
    )
    assert Repository.find(repository.root).decisions.names().value("labels/m/x") == str(3 * EVERY + 4)
    assert min(read) == 3 * EVERY
