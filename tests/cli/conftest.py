"""The real program in a real folder: what these tests look at is what a terminal or a script would see.

A run is a fork of a process that has imported everything; `python` starts an interpreter.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlctl.workspace.scan import settled, stamp_of
from tests.forks import Forks
from tests.store import full

_STATE = tempfile.mkdtemp(prefix="mlctl-state-")  # crash reports of programs outside a repository
TABLE = "id,day,temp,rides\n" + "".join(f"{n},2026-01-{n:02},{n % 7}.5,{n * 3}\n" for n in range(1, 29))
SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "rides.csv"
key = ["id"]
time = ["day"]

[model.demand]
data = "rides"
target = "rides"
task = "regression"
estimator = "sklearn.linear_model:LinearRegression"
baseline = "mean"
"""


class Terminal:
    """Runs `mlctl` in one folder, as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, code: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """To its end; in place of the program, Python `code`."""
        return PROGRAMS.run(arguments, cwd=self.folder, env=environment(env or {}), code=code)

    def json(self, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, dict[str, Any]]:
        """The exit code and the one document on stdout; anything else there fails."""
        done = self.run(*arguments, "--json", env=env)
        return done.returncode, json.loads(done.stdout)

    def quiet(self, path: str) -> None:
        """Wait until the file's stamp can be trusted, so that its hashes are remembered."""
        while not settled(stamp_of((self.folder / path).stat())):
            time.sleep(0.01)

    def environment(self) -> dict[str, str]:
        """What the program is given."""
        return environment({})

    def python(
        self, code: str, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env=environment(env or {}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would change mlctl's answers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLCTL_")}
    return {
        **kept,
        "COLUMNS": "80",
        "XDG_STATE_HOME": _STATE,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **more,
    }


PROGRAMS = Forks("mlctl", environment({}))


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A project with two versions, one of them promoted, written straight into the store."""
    session = full.session(tmp_path)
    full.life(session)
    return session.root


@pytest.fixture(scope="session")
def terminals() -> type[Terminal]:
    """Makes terminals, for folders that outlive one test."""
    return Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A terminal in an empty folder."""
    return Terminal(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Terminal:
    """A terminal in a project with one small table and one model, nothing added yet."""
    (tmp_path / "rides.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "mlctl.toml").write_text(SPEC, encoding="utf-8")
    made = Terminal(tmp_path)
    done = made.run("init")
    assert done.returncode == 0, done.stderr
    return made
