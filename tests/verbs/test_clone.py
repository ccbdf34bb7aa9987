"""`clone`: a repository from a remote alone; with `--only` no more than one name needs."""

import pytest

from mlctl.domain.errors import AlreadyExists, InvalidName, NotFound
from mlctl.domain.progress import silent
from mlctl.domain.requests.clone import CloneRequest
from mlctl.verbs.clone import clone
from mlctl.verbs.pointer import StagePointer
from tests.remote_servers import web_server
from tests.verbs.teams import Member, team

assert team  # a fixture


def cloned(team, name, **more):
    request = CloneRequest(url=str(team.remote), folder=str(team.folder / name), **more)
    return clone(request, report=silent, command="mlctl clone").data


def test_a_clone_has_every_decision_and_fact(team):
    first = team.shared()
    done = cloned(team, "c")
    made = Member(team.folder / "c")
    assert (done.repository, done.decisions, done.changed) == (first.repository.id, 3, True)
    assert made.versions() == first.versions()
    assert made.problems() == ()
    assert cloned(team, "c").changed is False
    two = made.model(2, team.dataset)
    made.push()
    first.pull()
    assert first.versions()[2] == two


def test_only_brings_what_one_stage_needs_and_follows_it(team):
    first = team.shared()
    two = first.model(2, team.dataset)
    first.promote(team.one)
    first.push()
    cloned(team, "server", only=("demand@production",))
    server = Member(team.folder / "server")
    assert not server.repository.layout.fact("models", two).exists()
    pointer = StagePointer(server.repository, "demand", "production")
    held = pointer.resolve()
    assert (held.digest, held.version) == (team.one, 1)
    assert server.problems() == ()
    first.promote(two)
    first.push()
    server.pull()
    assert pointer.resolve().digest == two
    pointer.close()
    server.pull(everything=True)
    assert server.repository.decisions.pending.joined().only == ()
    assert server.problems() == ()
    assert list(server.repository.layout.facts.rglob("runs/*.json"))


def test_a_name_that_holds_nothing_leaves_nothing_behind(team):
    team.shared()
    with pytest.raises(NotFound, match="holds nothing"):
        cloned(team, "c", only=("demand@staging",))
    assert not (team.folder / "c" / ".mlctl").exists()
    with pytest.raises(InvalidName):
        cloned(team, "c", only=("demand",))


def test_a_folder_that_is_not_empty_is_left_alone(team):
    team.shared()
    (team.folder / "c").mkdir()
    (team.folder / "c" / "file").touch()
    with pytest.raises(AlreadyExists):
        cloned(team, "c")


def test_a_git_repository_is_told_from_a_remote(team, tmp_path):
    (tmp_path / "remote" / ".git").mkdir(parents=True)
    with pytest.raises(NotFound, match="git repository") as caught:
        cloned(team, "c")
    assert caught.value.hints[0].startswith("git clone ")


def test_an_empty_remote_is_no_repository(team, tmp_path):
    (tmp_path / "remote").mkdir()
    with pytest.raises(NotFound, match="holds no repository"):
        cloned(team, "c")


def test_a_web_server_on_the_folder_is_enough(team):
    first = team.shared()
    first.promote(team.one)
    first.push()
    with web_server(team.remote) as url:
        for name, only in (("all", ()), ("part", ("demand@production",))):
            request = CloneRequest(url=url, folder=str(team.folder / name), only=only)
            assert clone(request, report=silent, command="mlctl clone").data.decisions == 4
            made = Member(team.folder / name)
            assert made.stage() == team.one
            assert made.repository.layout.fact("models", team.one).exists()
            assert made.problems() == ()
