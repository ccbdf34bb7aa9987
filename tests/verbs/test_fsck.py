"""fsck on a real store: clean, or every problem by path."""

import pytest

from mlctl.domain.errors import Corrupt, Missing
from mlctl.domain.requests.fsck import FsckRequest
from mlctl.verbs.fsck import fsck
from mlctl.verbs.session import Session
from tests.store import full


@pytest.fixture
def session(tmp_path) -> Session:
    return full.session(tmp_path)


@pytest.fixture
def life(session) -> dict[str, str]:
    return full.life(session)


@pytest.mark.usefixtures("life")
def test_fsck_says_what_was_verified_or_raises_with_every_problem(session):
    clean = fsck(session, FsckRequest()).data
    assert clean.clean
    assert clean.checked["decisions"] == 6
    assert clean.checked["cache_files"] == 1
    run = session.repository.facts.all(full.Run)[0][1]
    session.repository.layout.object(run.log).unlink()
    with pytest.raises(Missing) as missing:
        fsck(session, FsckRequest())
    assert [problem["kind"] for problem in missing.value.facts["problems"]] == ["missing"]
    path = session.repository.layout.object(run.spec)
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(Corrupt) as corrupt:
        fsck(session, FsckRequest())
    assert sorted(problem["kind"] for problem in corrupt.value.facts["problems"]) == ["corrupt", "missing"]
    assert run.spec in corrupt.value.message
    assert corrupt.value.exit_code == 50
