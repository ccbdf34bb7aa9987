"""Repositories for the tests of the store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.names import Names
from mlctl.store.repository import Repository

ACTOR = Actor(user="u", host="h", via="terminal")


class Ticking:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.seconds = 0

    def __call__(self) -> str:
        self.seconds += 1
        moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def repository(tmp_path: Path, clock: Ticking) -> Repository:
    return Repository.create(tmp_path / "project", actor=ACTOR, command="mlctl init", now=clock)


@pytest.fixture
def move(repository: Repository, clock: Ticking) -> Callable[..., int]:
    """Commit a decision that moves names: `move({"labels/m/x": "a"})`; its number."""

    def act(values: dict[str, str | None], kind: str = "test", where: Repository | None = None) -> int:
        def prepare(names: Names) -> Draft:
            changes = (Change(name=name, old=names.value(name), new=new) for name, new in values.items())
            return Draft(kind=kind, changes=tuple(changes))

        committed = (where or repository).decisions.commit(
            prepare, actor=ACTOR, command="mlctl test", now=clock
        )
        assert committed is not None
        return committed.entry.number

    return act
