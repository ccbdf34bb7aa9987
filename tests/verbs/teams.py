"""Several repositories of one project and the folder that they share."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlctl.domain.decision import Actor, Change, Draft
from mlctl.domain.progress import silent
from mlctl.domain.requests.pull import PullRequest
from mlctl.domain.requests.push import PushRequest, PushResult
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.project.session import Session
from mlctl.store.repository import Repository
from mlctl.store.verify import verify
from mlctl.verbs.pull import pull
from mlctl.verbs.push import push
from mlctl.verbs.remote_add import remote_add
from tests.store import full


class Member:
    """One person's repository; the clock goes on by a second a session."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._seconds = 0

    @property
    def repository(self) -> Repository:
        return Repository.find(self.root)

    def session(self) -> Session:
        self._seconds += 1
        moment = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(seconds=self._seconds)
        actor = Actor(user=self.root.name, host="h", via="terminal")
        return Session(self.repository, actor=actor, command="mlctl x", clock=lambda: moment)

    def push(self) -> PushResult:
        return push(self.session(), PushRequest()).data

    def pull(self, **more):
        return pull(PullRequest(folder=str(self.root), **more), report=silent, command="mlctl pull").data

    def model(self, number: int, dataset: str) -> str:
        """A new version, as the next number."""
        return full.add_model(self.repository, dataset, number)

    def promote(self, digest: str | None) -> int:
        """Move the stage, forced: the models of these tests can't be measured."""
        name = "stages/demand/production"
        committed = self.repository.decisions.commit(
            lambda names: Draft(
                kind="promote",
                changes=(Change(name=name, old=names.value(name), new=digest),),
                evidence={"forced": True},
            ),
            actor=full.ACTOR,
            command="mlctl promote",
            now=lambda: full.T,
        )
        assert committed is not None
        return committed.entry.number

    def stage(self) -> str | None:
        return self.repository.decisions.names().value("stages/demand/production")

    def versions(self) -> dict[int, str]:
        return self.repository.decisions.names().versions("models/demand")

    def problems(self):
        return verify(self.repository, self.repository.layout.cache, fetchable=True).problems


class Team:
    """Members of a project.

    Attributes:
        remote: the folder that they share.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = folder / "remote"
        session = full.session(folder)
        self.dataset = full.add_dataset(session.repository)
        self.first = Member(session.root)
        self.one = self.first.model(1, self.dataset)

    def shared(self) -> Member:
        """The first member, who has pushed."""
        remote_add(self.first.session(), RemoteAddRequest(name="origin", url=str(self.remote)))
        self.first.push()
        return self.first

    def clone(self, name: str) -> Member:
        """What a git clone brings: the settings alone."""
        root = self.folder / name
        for part in (".mlctl/config.toml", ".dvc/config"):
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.first.root / part, root / part)
        made = Member(root)
        made.pull()
        return made


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)
