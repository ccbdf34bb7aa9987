"""`clone`: a repository from a remote alone; with `--only` no more than one name needs."""

import shutil

import pytest

from mlctl.deployment.pointer import StagePointer
from mlctl.domain.errors import AlreadyExists, InvalidName, NotFound
from mlctl.domain.progress import silent
from mlctl.domain.requests.clone import CloneRequest
from mlctl.verbs.clone import clone
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
    assert not list(team.folder.glob("c/*"))
    assert cloned(team, "c", only=("demand@1",)).changed is True


def test_a_name_that_holds_nothing_takes_no_settings_from_who_had_them(team):
    team.shared()
    root = team.folder / "c"
    (root / ".mlctl").mkdir(parents=True)
    config = shutil.copy(team.first.root / ".mlctl/config.toml", root / ".mlctl/config.toml")
    (root / "README").touch()
    before = config.read_bytes()
    with pytest.raises(NotFound, match="holds nothing"):
        cloned(team, "c", only=("demand@staging",))
    assert (root / "README").exists()
    assert config.read_bytes() == before
    assert not (root / ".mlctl/format").exists()
    assert cloned(team, "c", only=("demand@1",)).changed is True


@pytest.mark.parametrize("left", [(), ("tmp/",), ("tmp/config.toml-0", "config.local.toml")])
def test_a_clone_that_was_killed_before_its_settings_stood_is_simply_run_again(team, left):
    first = team.shared()
    store = team.folder / "c" / ".mlctl"
    store.mkdir(parents=True)
    for path in left:
        (store / path).parent.mkdir(exist_ok=True)
        (store / path).mkdir() if path.endswith("/") else (store / path).write_text("cut [")
    assert cloned(team, "c").decisions == 3
    made = Member(team.folder / "c")
    assert made.versions() == first.versions()
    assert made.problems() == ()


def test_the_secrets_of_a_clone_that_was_killed_give_way_to_those_of_the_next(team):
    team.shared()
    local = team.folder / "c" / ".mlctl" / "config.local.toml"
    local.parent.mkdir(parents=True)
    local.write_text('[remotes.origin]\npassword = "old"\n')
    cloned(team, "c")
    assert not local.exists()


@pytest.mark.parametrize("path", [".mlctl/objects/00/x", ".mlctl/format", ".git/HEAD"])
def test_a_folder_that_holds_more_than_a_beginning_is_left_alone(team, path):
    team.shared()
    (team.folder / "c/.mlctl/tmp").mkdir(parents=True)
    held = team.folder / "c" / path
    held.parent.mkdir(parents=True, exist_ok=True)
    held.touch()
    with pytest.raises(AlreadyExists, match="not empty"):
        cloned(team, "c")
    assert not (team.folder / "c/.mlctl/config.toml").exists()


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
