"""Runs while they run, and what is left of those that were killed."""

import signal
import subprocess
import sys

import msgspec

from mlctl.store.repository import Repository
from tests.store.full import new_id


def test_a_run_logs_measures_and_leaves_nothing_when_it_ends(repository):
    live = repository.runs.create(new_id(1), model="demand")
    live.log("began\n")
    live.log("went on\n")
    live.metric(1, loss=0.5)
    live.metric(2, loss=0.25)
    assert live.log_path.read_text() == "began\nwent on\n"
    points = [msgspec.json.decode(line) for line in (live.folder / "metrics.jsonl").read_bytes().splitlines()]
    assert [(point["step"], point["loss"]) for point in points] == [(1, 0.5), (2, 0.25)]
    assert repository.runs.killed() == []
    live.close()
    live.close()
    assert not live.folder.exists()


def test_a_killed_run_is_told_apart_from_a_living_one_with_what_it_said(repository):
    script = (
        "import os, signal, sys; from pathlib import Path; from mlctl.store.repository import Repository\n"
        "live = Repository.find(Path(sys.argv[1])).runs.create(sys.argv[2], model='demand')\n"
        "live.log('began')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = new_id(2)
    done = subprocess.run([sys.executable, "-c", script, str(repository.root), run], check=False)
    assert done.returncode == -signal.SIGKILL
    living = Repository.find(repository.root).runs.create(new_id(3))
    (killed,) = repository.runs.killed()
    assert (killed.run, killed.about) == (run, {"model": "demand"})
    assert (killed.folder / "log.txt").read_text() == "began"
    living.close()
    assert [path.name for path in repository.layout.live_runs.iterdir()] == [run]
