"""A ready project on the real store, in a temporary folder."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mlctl.domain.dataset import DatasetVersion
from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.ids import Digest
from mlctl.domain.progress import silent
from mlctl.domain.refs import dataset_version
from mlctl.domain.requests.init import InitRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.tabular.parquet import table_bytes
from mlctl.tabular.schema import columns_of
from mlctl.verbs.init import init
from mlctl.workspace.scan import settled, stamp_of
from tests.verbs.learner import rows, spec

ROWS = "id,day,temp,rides\n" + "".join(f"{n},2026-01-{n:02},{n % 7}.5,{n * 3}\n" for n in range(1, 29))
SPEC = """\
spec = 1

[project]
name = "small"

[data.rides]
path = "data/rides.csv"
key = ["id"]
time = ["day"]
checks = ["unique(id)", "between(rides, 0, 1000)"]
"""


class Project:
    """A project's folder and sessions in it; its clock goes on by a second with each session."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._time = datetime(2030, 1, 1, 12, tzinfo=UTC)

    def session(self) -> Session:
        """What a new command would be handed."""
        self._time += timedelta(seconds=1)
        moment = self._time
        return Session(
            Repository.find(self.root),
            command="mlctl test",
            clock=lambda: moment,
            actor=Actor(name="Ada", email="ada@example.org", user="ada", host="here", via="terminal"),
        )

    def write(self, path: str, text: str) -> Path:
        """Write a file of the work tree."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def quiet(self, path: str) -> None:
        """Wait until the file's stamp can be trusted, so that its hashes are remembered."""
        while not settled(stamp_of((self.root / path).stat())):
            time.sleep(0.01)

    def decisions(self) -> int:
        """How many decisions there are."""
        return Repository.find(self.root).decisions.names().head


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one declared table, not added yet; the tests stand in its folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    root = tmp_path / "small"
    made = Project(root)
    made.write("mlctl.toml", SPEC)
    made.write("data/rides.csv", ROWS)
    init(InitRequest(directory=str(root)), report=silent, command="mlctl init")
    monkeypatch.chdir(root)
    return made


@pytest.fixture
def freeze(project: Project) -> Callable[[str, dict[str, list[Any]]], Digest]:
    """Make a frozen dataset: a Parquet object and a version without a path."""

    def act(name: str, columns: dict[str, list[Any]]) -> Digest:
        session = project.session()
        table = pa.table(columns)
        sha256 = session.repository.objects.put(table_bytes(table))
        version = DatasetVersion(
            created_at=session.now(), name=name, path=None, shape="file", md5="0" * 32, sha256=sha256,
            bytes=1, files=1, rows=table.num_rows, columns=columns_of(table),
        )  # fmt: skip
        digest = session.repository.facts.add(version)
        change = Change(name=dataset_version(name, 1), old=None, new=digest)
        session.repository.decisions.commit(
            lambda _names: Draft(kind="freeze", changes=(change,), needs=(digest,)),
            actor=session.actor,
            command="mlctl test",
            now=session.now,
        )
        return digest

    return act


@pytest.fixture
def learner(project: Project) -> Project:
    """The project with a small model: 400 daily rows that a straight line explains."""
    project.write("mlctl.toml", spec())
    project.write("data/rides.csv", rows())
    return project
