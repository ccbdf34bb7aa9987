"""A program that fills the disk: no half record, and room again once it has ended."""

import subprocess
import sys

import pytest

from mlctl.domain.errors import MlctlError
from mlctl.domain.progress import silent
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.domain.requests.init import InitRequest
from mlctl.domain.requests.train import TrainRequest
from mlctl.domain.run import Run
from mlctl.verbs.fsck import fsck
from mlctl.verbs.init import init
from mlctl.verbs.train import train
from tests.verbs.conftest import Project
from tests.verbs.learner import rows
from tests.verbs.programs import command_spec

FILLING = """
import os
file = {file}
while True:
    os.write(file, bytes(65536))
    print("x" * 1000, flush=True)
"""
A_FILE = 'os.open(os.environ["MLCTL_RUN_DIR"] + "/checkpoint", os.O_WRONLY | os.O_CREAT)'
ITS_OUTPUT = "1"


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A project on a small disk of its own; skips where the machine lets nobody mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        init(InitRequest(directory=str(folder / "p"), template="bare"), report=silent, command="mlctl init")
        made = Project(folder / "p")
        made.write("data/rides.csv", rows())
        monkeypatch.chdir(made.root)
        yield made
    finally:
        monkeypatch.undo()
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("file", [A_FILE, ITS_OUTPUT], ids=["a file", "its output"])
def test_nothing_half_is_recorded_and_there_is_room_afterwards(full, file):
    full.write("mlctl.toml", command_spec(sys.executable, "-S", "train.py", more='timeout = "3s"'))
    full.write("train.py", FILLING.format(file=file))
    with pytest.raises(MlctlError):
        train(full.session(), TrainRequest())
    assert fsck(full.session(), FsckRequest()).data.clean
    full.write("big.bin", "x" * (4 << 20))
    ((_, run),) = full.session().repository.facts.all(Run)
    assert (run.status, "train.py" in run.error) == ("failed", True)
