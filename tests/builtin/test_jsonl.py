import json
import threading

import pytest

from mlctl.builtin.trackers.jsonl import JsonLinesTracker
from mlctl.contracts import registry
from mlctl.domain.errors import InvalidName

EVENT = {
    "kind": "promote",
    "number": 7,
    "sha256": "a" * 64,
    "time": "2026-11-23T12:00:00.000Z",
    "changes": [],
    "reason": None,
}


def test_each_decision_is_one_line(tmp_path):
    tracker = JsonLinesTracker()
    tracker.tell(EVENT, {"root": str(tmp_path)})
    tracker.tell({**EVENT, "number": 8}, {"root": str(tmp_path), "path": "decisions.jsonl"})
    lines = (tmp_path / "decisions.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [EVENT, {**EVENT, "number": 8}]


def test_lines_of_several_writers_do_not_mix(tmp_path):
    def write(number):
        for _ in range(50):
            JsonLinesTracker().tell(
                {**EVENT, "number": number, "reason": "x" * 2000},
                {"root": str(tmp_path), "path": "log/d.jsonl"},
            )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [json.loads(line)["number"] for line in (tmp_path / "log" / "d.jsonl").read_text().splitlines()]
    assert sorted(numbers) == sorted(list(range(4)) * 50)


@pytest.mark.parametrize("path", ["../outside.jsonl", "/etc/outside.jsonl", ".", "link/outside.jsonl"])
def test_a_path_does_not_leave_the_project(tmp_path, path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path)
    with pytest.raises(InvalidName):
        JsonLinesTracker().tell(EVENT, {"root": str(project), "path": path})
    assert not (tmp_path / "outside.jsonl").exists()


def test_it_is_found_by_its_entry_point():
    assert type(registry.load("trackers", "jsonl")).__name__ == "JsonLinesTracker"
