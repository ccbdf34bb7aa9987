"""What an answer rests on is heard from the interpreter and from whoever looks without opening."""

import os
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from mlctl.domain.looks import looked_at
from mlctl.project.inputs import MOST, Recording
from mlctl.project.session import Session
from mlctl.store.repository import Repository


@pytest.fixture
def recording(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Recording.start()
    yield made
    made.stop()


def test_opened_listed_and_looked_at_are_known_whether_they_are_there_or_not(recording, tmp_path):
    (tmp_path / "read").write_text("", encoding="utf-8")
    (tmp_path / "read").read_text(encoding="utf-8")
    (tmp_path / "listed").mkdir()
    list((tmp_path / "listed").iterdir())
    with pytest.raises(FileNotFoundError):
        (tmp_path / "absent").read_text(encoding="utf-8")
    looked_at("relative", ["one", "two"])
    looked_at(tmp_path / "whole")
    names = {"read", "listed", "absent", "relative/one", "relative/two", "whole"}
    assert {str(tmp_path / name) for name in names} <= recording.paths(str(tmp_path))
    assert recording.complete


def test_nothing_is_heard_after_the_end(recording, tmp_path):
    recording.stop()
    looked_at(tmp_path / "later")
    assert str(tmp_path / "later") not in recording.paths(str(tmp_path))


def test_names_that_hold_one_thing_for_ever_are_told_by_their_folder(recording, tmp_path):
    store = tmp_path / ".mlctl"
    looked_at(store, ["facts/runs/a.json", "objects/ab/abc", "index/x", "tmp/y", "live/z"])
    found = {path for path in recording.paths(str(tmp_path)) if path.startswith(str(store))}
    assert {str(store / name) for name in ("facts/runs", "objects/ab", "live/z", "decisions")} <= found
    assert not {path for path in found if path.endswith((".json", "abc", "x", "y"))}


def test_the_program_itself_and_its_packages_are_part_of_it(recording, tmp_path):
    found = recording.paths(str(tmp_path))
    assert any(path.endswith("mlctl/project/inputs.py") for path in found)
    assert any(path.endswith("site-packages") for path in found)


@pytest.mark.parametrize(
    "act",
    [
        lambda _: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        lambda folder: sqlite3.connect(folder / "other.sqlite").close(),
        lambda folder: looked_at(folder, ["x"] * (MOST + 1)),
        lambda folder: looked_at(folder, None),
        lambda folder: project(folder).clock(),
        lambda folder: project(folder).new_id(),
    ],
    ids=["another program", "another database", "too many files", "a bug", "the clock", "an id of today"],
)
def test_what_cannot_be_followed_makes_it_incomplete(recording, tmp_path, act):
    act(tmp_path)
    assert not recording.complete


def project(folder, **settings):
    made = Repository.create(folder, actor=None, command="test", now=lambda: "2026-01-01T00:00:00.000Z")
    return Session(made, **settings)


def test_a_moment_that_is_waited_for_is_when_the_answer_ends(recording, tmp_path):
    session = project(tmp_path)
    now = datetime.now(UTC)
    assert not session.has_passed(timedelta(days=7), now - timedelta(days=6))
    assert not session.has_passed(timedelta(days=7), now - timedelta(days=5))
    assert session.has_passed(timedelta(days=7), now - timedelta(days=8))
    assert recording.complete
    end = time.time_ns() + 24 * 3600 * 10**9
    assert recording.until == pytest.approx(end, abs=60 * 10**9)


def test_what_has_passed_has_passed_for_ever(recording, tmp_path):
    assert project(tmp_path).has_passed(timedelta(days=1), datetime.now(UTC) - timedelta(days=2))
    assert recording.complete
    assert recording.until is None
