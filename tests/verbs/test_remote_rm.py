"""`remote rm`: the log is our own again, unless something would be lost by it."""

import pytest

from mlctl.domain.errors import NameMoved, NotFound
from mlctl.domain.requests.remote_add import RemoteAddRequest
from mlctl.domain.requests.remote_rm import RemoteRmRequest
from mlctl.verbs.remote_add import remote_add
from mlctl.verbs.remote_rm import remote_rm
from tests.store import full
from tests.verbs.teams import team

assert team  # a fixture


def removed(member, **more):
    return remote_rm(member.session(), RemoteRmRequest(name="origin", **more)).data


def test_after_it_decisions_are_our_own_again(team):
    first = team.shared()
    assert removed(first, dry_run=True).left is True
    assert first.repository.decisions.pending.joined() is not None
    assert removed(first).left is True
    assert full.decide(first.repository, "t", labels__m__x="a") == 4
    assert (team.remote / "mlctl" / "decisions" / "00000003").exists()
    with pytest.raises(NotFound):
        removed(first)


def test_what_waits_would_be_lost(team):
    first = team.shared()
    first.model(2, team.dataset)
    with pytest.raises(NameMoved, match="p1 would be lost"):
        removed(first)
    first.push()
    removed(first)


def test_dvc_forgets_it_too_so_that_data_go_to_the_next_one(team):
    first = team.shared()
    config = first.root / ".dvc" / "config"
    assert removed(first).dvc is True
    assert "remote" not in config.read_text()
    done = remote_add(first.session(), RemoteAddRequest(name="origin", url="../elsewhere")).data
    assert (done.dvc, done.data) == (True, None)
    first.push()
    assert list((team.folder / "elsewhere" / "files" / "md5").rglob("*"))


def test_what_dvc_calls_so_at_another_place_stays(team):
    first = team.shared()
    config = first.root / ".dvc" / "config"
    config.write_text(config.read_text().replace("remote\n", "theirs\n").replace("url = ", "url = ../"))
    before = config.read_text()
    assert removed(first).dvc is False
    assert config.read_text() == before
    assert remote_add(first.session(), RemoteAddRequest(name="two", url="../two")).data.data is not None
